package e2e

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// Tokens returns all tokens in a text.
func Tokens(text string) []string {
	runs := strings.FieldsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", r)
	})
	return slices.DeleteFunc(runs, func(run string) bool {
		_, err := enrich.ParseToken(run)
		return err != nil
	})
}
