package sidecar

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/credentials"
)

// claim warns about what of the documents gets into tokens: all of it, or fields that look
// like credentials. It looks at some of the documents, where the source can show it.
func (k *checker) claim(ctx context.Context, source source) {
	sampler, ok := source.(interface {
		Contents(context.Context) (bsonjson.Contents, error)
	})
	if !ok {
		return // a source of a Go program, to which include does not apply
	}
	contents, err := sampler.Contents(ctx)
	if err != nil {
		k.warn("claim.credentials", "cannot read documents to look for credentials: %w", err)
	}
	if len(k.cfg.Claim.Include) == 0 {
		k.warn("claim.include", "is not set, so the whole document goes into every token, and everyone who has a token can read it; list the fields that clients need%s", suggestion(contents))
	}
	k.credentials(contents)
}

// suggestion returns an example of claim.include, from the names in the documents.
func suggestion(c bsonjson.Contents) string {
	const most = 8
	fields := slices.DeleteFunc(slices.Clone(c.Fields), func(name string) bool {
		return name == "_id" || credentials.IsName(name) || strings.ContainsAny(name, " ,:[]{}#&*!|>'\"%@`")
	})
	if len(fields) == 0 {
		return ""
	}
	more := ""
	if len(fields) > most {
		more, fields = fmt.Sprintf(" (%d of %d fields)", most, len(fields)), fields[:most]
	}
	return ", from include: [" + strings.Join(fields, ", ") + "]" + more
}

// credentials names fields that look like credentials, and what happens to them.
func (k *checker) credentials(c bsonjson.Contents) {
	const most = 10
	found := slices.SortedFunc(maps.Keys(c.Credentials), func(a, b enrich.Credential) int { return cmp.Compare(a.Path, b.Path) })
	for _, credential := range found[:min(len(found), most)] {
		what := "is left out of tokens"
		if !credential.Dropped {
			what = "gets into tokens, which every client and verifier can read"
		}
		k.warn("claim.credentials", "%s looks like a credential (in %d of %d documents that were read) and %s. %s", credential.Path, c.Credentials[credential], c.Documents, what, credentials.Advice(credential))
	}
	if len(found) > most {
		k.warn("claim.credentials", "%d more fields look like credentials", len(found)-most)
	}
}
