package config

import (
	"path/filepath"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A Path is a file or directory. In the file it is relative to the folder of the
// configuration file; [Load] makes it relative to the working directory. The zero
// Path is unset.
type Path string

// UnmarshalText keeps the path unchanged.
func (p *Path) UnmarshalText(text []byte) error {
	*p = Path(text)
	return nil
}

var _ = yamlbind.Describe[Path](yamlbind.Scalar{Want: "a path", AnyText: true})

func (p *Path) resolve(dir string) {
	if *p != "" && !filepath.IsAbs(string(*p)) {
		*p = Path(filepath.Join(dir, string(*p)))
	}
}
