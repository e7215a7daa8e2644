package config

import (
	"time"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An AccessMode says what users may do with their own document.
type AccessMode string

// The modes.
const (
	NoAccess   AccessMode = "off"
	OwnerRead  AccessMode = "owner-read"
	OwnerWrite AccessMode = "owner-write"
)

var _ = yamlbind.DescribeWords(NoAccess, OwnerRead, OwnerWrite)

// Access says what users may do with documents, besides getting theirs in tokens. The
// zero Access lets them do nothing.
type Access struct {
	// The access of users to their own document at `path`: `off`, `owner-read`, or
	// `owner-write`, which includes reading.
	Mode AccessMode `yaml:"mode" default:"off"`
	// The path at which users read and write their own document, with GET, PATCH and PUT.
	Path string `yaml:"path" default:"/.tokengraft/custom_data"`
	// The paths of the document that users may write. Dots reach into objects. Empty: all
	// that they can read, except those that only `allow_privileged` opens.
	Writable []string `yaml:"writable"`
	// A file with a JSON Schema, which a document must match after it was written.
	Schema Path `yaml:"schema"`
	// The largest document that users may write, as JSON.
	MaxSize Size `yaml:"max_size" default:"16KiB"`
	// The paths that users may write although other programs may decide access by them:
	// those with a name like `roles` or `isAdmin`, and those in a rule expression.
	AllowPrivileged []string `yaml:"allow_privileged"`

	// `true`: users may call functions of `functions.dir` as the SDKs of App Services do,
	// where `config.json` in that directory permits it.
	Functions bool `yaml:"functions" default:"false"`
	// The `rules.json` of an exported app for the collection of `documents.mongodb`. Users
	// may then read and write the collection as the SDKs do, where its roles permit it.
	Roles Path `yaml:"roles"`
	// The path of function calls and of data access by SDKs.
	CallPath string `yaml:"call_path" default:"/api/client/v2.0/app/{app}/functions/call"`
	// For one call. At most 30s.
	Timeout time.Duration `yaml:"timeout" default:"10s"`
	// How many function calls of users run at a time, each in its own process, which takes
	// at most 72 MiB. They are apart from those of `user_creation` and `triggers`. One more
	// runs the functions that rule expressions call, if there are any. A user has all but
	// one of them, or one.
	Processes Count `yaml:"processes" default:"1"`

	// The origins of web pages that may send these requests, such as
	// `https://app.example.com`, or `*` for any (CORS). Empty: none.
	Origins []string `yaml:"origins"`
	// How many of these requests each user may send in a minute.
	PerMinute Count `yaml:"per_minute" default:"60"`
}

// Enabled reports whether users may do anything.
func (a Access) Enabled() bool { return a.Mode != NoAccess || a.Functions || a.Roles != "" }

// Writes reports whether users may change documents.
func (a Access) Writes() bool { return a.Mode == OwnerWrite || a.Functions || a.Roles != "" }

// A Forward says which headers the backend gets about the user of a request, and which
// users may send it.
type Forward struct {
	// The requests, a pattern as in `rules`.
	Match string `yaml:"match,required"`
	// Where the enriched token of the request is: `header:NAME` or `cookie:NAME`.
	Token locate.Location `yaml:"token" default:"header:Authorization"`
	// The headers by name. A value is an expansion, such as
	// `%%user.custom_data.primaryLanguage`, or other text, which requests with a valid
	// enriched token get. Lists and objects are JSON. Other characters than printable ASCII, and
	// percent signs, are percent-encoded. Headers of these names that clients send are
	// always removed, from all requests.
	Headers map[string]string `yaml:"headers"`
	// A rule expression about `%%user`. Requests of users for whom it is false, and requests
	// without a valid enriched token, get 403. It does not replace the checks of the backend.
	// Unset: all are forwarded.
	Allow Expression `yaml:"allow"`
}
