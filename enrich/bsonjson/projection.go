package bsonjson

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/credentials"
)

// A Projection says which parts of a document reach the token. A path is names joined
// with dots, as in MongoDB. The zero Projection keeps the whole document, except fields
// that look like credentials.
type Projection struct {
	// Include lists the paths to keep. Empty keeps everything.
	Include []string
	// Exclude lists the paths to drop. Together with Include it may contain only _id.
	Exclude []string
	// Credentials says what happens to fields that look like credentials. Empty means
	// [DropCredentials].
	Credentials Credentials
}

// Credentials says what happens to fields that look like credentials: by a word in their
// name, such as password or apiKey, or by the start of their value, such as $2b$ or
// -----BEGIN. A field whose exact path is in [Projection.Include] is kept in any case.
// [enrich.Document.Credentials] lists what was found.
type Credentials string

// The ways to treat credentials.
const (
	DropCredentials  Credentials = "drop"  // leave them out
	WarnCredentials  Credentials = "warn"  // keep them, and list them
	AllowCredentials Credentials = "allow" // keep them, and do not look for them
)

var credentialModes = map[Credentials]credentials.Mode{
	"":               credentials.Drop,
	DropCredentials:  credentials.Drop,
	WarnCredentials:  credentials.Warn,
	AllowCredentials: credentials.Allow,
}

// guard returns the guard of the projection.
func (p Projection) guard() credentials.Guard {
	return credentials.New(credentialModes[p.Credentials], p.Include)
}

// Guard applies only Credentials to a JSON object, for sources whose documents are not
// BSON. The result may be object itself. The error wraps [enrich.ErrUndecodable].
func (p Projection) Guard(object []byte) ([]byte, []enrich.Credential, error) {
	return p.guard().Apply(object)
}

// Validate returns an error for a projection that MongoDB would refuse or that is
// ambiguous: a path that is not valid, paths that overlap, or an Exclude of anything
// other than _id together with an Include. Unknown Credentials are an error too.
func (p Projection) Validate() error {
	if _, ok := credentialModes[p.Credentials]; !ok {
		return fmt.Errorf("Credentials %q is unknown; use %s, %s or %s", string(p.Credentials), DropCredentials, WarnCredentials, AllowCredentials)
	}
	if len(p.Include) > 0 {
		for _, path := range p.Exclude {
			if path != "_id" {
				return fmt.Errorf("cannot exclude %q together with an include; with an include, only _id can be excluded", path)
			}
		}
	}
	for _, paths := range [][]string{p.Include, p.Exclude} {
		for i, path := range paths {
			if slices.Contains(strings.Split(path, "."), "") || strings.HasPrefix(path, "$") {
				return fmt.Errorf("%q is not a path in a document; use names joined with dots", path)
			}
			for _, other := range paths[:i] {
				if path == other || strings.HasPrefix(path, other+".") || strings.HasPrefix(other, path+".") {
					return fmt.Errorf("the paths %q and %q overlap; remove one of them", other, path)
				}
			}
		}
	}
	return nil
}
