package functions

import (
	"fmt"
	"io/fs"

	"github.com/tokengraft/tokengraft/internal/appservices/layout"
)

// maxSource is the size of the largest source of a function, in bytes.
const maxSource = 1 << 20

// Load reads the sources of an exported app's functions from their directory. It
// returns them by name.
func Load(dir fs.FS) (map[string]string, error) {
	found, err := layout.Functions(dir)
	if err != nil {
		return nil, err
	}
	sources := make(map[string]string, len(found))
	for _, f := range found {
		info, err := fs.Stat(dir, f.File)
		if err != nil {
			return nil, err
		}
		if info.Size() > maxSource {
			return nil, fmt.Errorf("function %s: the source is larger than %d bytes", f.File, maxSource)
		}
		source, err := fs.ReadFile(dir, f.File)
		if err != nil {
			return nil, err
		}
		sources[f.Name] = string(source)
	}
	return sources, nil
}
