// Package layout finds the functions of an exported MongoDB Atlas App Services app.
// It does not read their files.
package layout

import (
	"io/fs"
	"path"
	"strings"
)

// A Function is a function of the app: the name that triggers call, and its file
// in the directory of functions.
type Function struct{ Name, File string }

// Functions finds the functions in a directory and its folders. NAME.js is the
// function NAME, FOLDER/NAME.js is FOLDER/NAME, and in exports from before 2021
// NAME/source.js is NAME. It leaves out node_modules.
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
