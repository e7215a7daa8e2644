package manual

import (
	"os"
	"path/filepath"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Page is a file of the documentation with its tables up to date.
type Page struct {
	Name    string // its path below the root of the repository
	Content string
}

// Pages returns the pages that have generated tables, as they should be, for a
// checkout at root.
func Pages(root string) ([]Page, error) {
	comments, err := ReadComments(filepath.Join(root, "config"))
	if err != nil {
		return nil, err
	}
	reasons, err := reasonsOf(root)
	if err != nil {
		return nil, err
	}
	problems, err := problemsOf(root)
	if err != nil {
		return nil, err
	}
	metrics, err := metricsOf(root)
	if err != nil {
		return nil, err
	}
	configuration, failures, operations := "docs/configuration.md", "docs/failures.md", "docs/operations.md"
	pages := map[string]string{}
	for _, t := range []struct{ page, name, table string }{
		{configuration, "settings", Markdown(Settings(comments))},
		{configuration, "refresh words", RefreshWords(locate.RefreshWords())},
		{failures, "reasons", reasons},
		{failures, "problems", problems},
		{operations, "metrics", metrics},
	} {
		if pages[t.page] == "" {
			content, err := os.ReadFile(filepath.Join(root, t.page))
			if err != nil {
				return nil, err
			}
			pages[t.page] = string(content)
		}
		if pages[t.page], err = Insert(pages[t.page], t.name, t.table); err != nil {
			return nil, err
		}
	}
	return []Page{{configuration, pages[configuration]}, {failures, pages[failures]}, {operations, pages[operations]}}, nil
}

func reasonsOf(root string) (string, error) {
	declared, err := DeclaredReasons(filepath.Join(root, "enrich"))
	if err != nil {
		return "", err
	}
	return Reasons(declared)
}

func metricsOf(root string) (string, error) {
	declared, err := DeclaredMetrics(root)
	if err != nil {
		return "", err
	}
	return Metrics(declared)
}

func problemsOf(root string) (string, error) {
	declared, err := DeclaredProblems(root)
	if err != nil {
		return "", err
	}
	return Problems(declared)
}
