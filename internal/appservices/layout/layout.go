// Package layout knows where an exported app of MongoDB Atlas App Services keeps
// its functions. It reads none of them.
package layout

import (
	"io/fs"
	"path"
	"strings"
)

// A Function is the name of a function, by which triggers call it, and its file
// in the directory of functions.
type Function struct{ Name, File string }

// Functions finds the functions below their directory: NAME.js, FOLDER/NAME.js,
// which is called FOLDER/NAME, and from before 2021 NAME/source.js. Modules of
// npm are left out.
func Functions(dir fs.FS) (functions []Function, err error) {
	err = fs.WalkDir(dir, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case !entry.IsDir() && path.Ext(file) == ".js":
			functions = append(functions, Function{nameOf(file), file})
		}
		return nil
	})
	return functions, err
}

func nameOf(file string) string {
	if folder, base := path.Split(file); base == "source.js" && folder != "" {
		return path.Clean(folder)
	}
	return strings.TrimSuffix(file, ".js")
}
