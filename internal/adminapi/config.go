package adminapi

import "time"

// Redacted stands for a secret in the text of a configuration. In a draft it stands for
// the secret that the running file has at the same setting.
const Redacted = "[redacted]"

// A Config is the answer of GET /api/config.
type Config struct {
	File string `json:"file"`
	// Text is the file, with [Redacted] instead of secrets.
	Text string `json:"text"`
	// Revision names the content of the file, until the sidecar restarts. A draft that is
	// based on another revision is refused.
	Revision string `json:"revision"`
	// Fault says why the file is not the running configuration, or "".
	Fault string `json:"fault"`
	// ReadOnly says why the sidecar cannot replace the file, or "".
	ReadOnly string `json:"read_only"`
	// Samples says whether a sample of documents can be read.
	Samples bool `json:"samples"`
	// Versions are the last ten, the newest first.
	Versions []Version    `json:"versions"`
	Settings DataSettings `json:"settings"`
}

// A Version is a file that was deployed, or that was replaced.
type Version struct {
	ID       string    `json:"id"`
	Time     time.Time `json:"time"`
	Revision string    `json:"revision"`
	Changed  []string  `json:"changed"` // the settings in which it differs from the one before
	Current  bool      `json:"current"`
}

// DataSettings are the settings of custom user data, with their defaults filled in.
type DataSettings struct {
	Mode        string   `json:"mode"`   // live, shadow or off
	Source      string   `json:"source"` // mongodb or file
	Database    string   `json:"database"`
	Collection  string   `json:"collection"`
	File        string   `json:"file"`
	UserIDClaim string   `json:"user_id_claim"`
	UserIDField string   `json:"user_id_field"`
	UserIDType  string   `json:"user_id_type"`
	ClaimName   string   `json:"claim_name"`
	Format      string   `json:"format"`
	Include     []string `json:"include"`
	Exclude     []string `json:"exclude"`
	MaxSize     int64    `json:"max_size"`
	MaxToken    int64    `json:"max_token_size"`
	MaxHeader   int64    `json:"max_header_size"`
}

// A Draft is a changed configuration: a whole text, or changes of the file. It is the body
// of POST /api/config/check, /review, /deploy and /sample.
type Draft struct {
	// Base is the revision that the draft was made from. Only deploy requires it. Review
	// refuses a text with another base than the file.
	Base string `json:"base"`
	// Text is the whole file. Nil means the file with the changes in Set.
	Text *string `json:"text,omitempty"`
	// Set are changes of settings.
	Set []Setting `json:"set,omitempty"`
}

// A Setting sets one setting of a draft. Its value is text, a number, a boolean, or a list
// of text; nil removes it from the file.
type Setting struct {
	Path  string `json:"path"` // such as documents.mongodb.database
	Value any    `json:"value"`
}

// A Checked is the answer of POST /api/config/check: the faults that a person sees while
// typing. Nothing is opened.
type Checked struct {
	Faults  []Finding `json:"faults"`
	Changed []string  `json:"changed"`
	// Settings are those of the draft, if it has no faults.
	Settings *DataSettings `json:"settings,omitempty"`
}

// A Review is the answer of POST /api/config/review.
type Review struct {
	Base     string    `json:"base"`
	Faults   []Finding `json:"faults"`   // deploy refuses a draft that has any
	Warnings []Finding `json:"warnings"` // those that the running file does not have
	Changed  []string  `json:"changed"`
	// NeedRestart are the changed settings that a reload does not apply.
	NeedRestart []string `json:"need_restart"`
	// Diff is a unified diff of the file, with [Redacted] instead of secrets.
	Diff string `json:"diff"`
	// Text is the whole draft, in the same way.
	Text   string  `json:"text"`
	Effect *Effect `json:"effect,omitempty"`
}

// An Effect is what the draft would have made of the last logins.
type Effect struct {
	Logins int `json:"logins"`
	// Failed says why the logins could not be tried, or "".
	Failed  string         `json:"failed"`
	Reasons []ReasonEffect `json:"reasons"`
	Sizes   []SizeEffect   `json:"sizes"`
	Notes   []string       `json:"notes"`
}

// A ReasonEffect counts tokens with a reason.
type ReasonEffect struct {
	Reason string `json:"reason"`
	Now    int    `json:"now"`
	Then   int    `json:"then"`
}

// A SizeEffect is the size of something in bytes: of documents, or of tokens at a place.
type SizeEffect struct {
	What       string `json:"what"`
	MedianNow  int    `json:"median_now"`
	MedianThen int    `json:"median_then"`
	MaxNow     int    `json:"max_now"`
	MaxThen    int    `json:"max_then"`
	Limit      int    `json:"limit"` // of the draft; 0 if there is none
	Setting    string `json:"setting"`
}

// A Deployment is the answer of POST /api/config/deploy and /rollback.
type Deployment struct {
	Version     Version  `json:"version"`
	Changed     []string `json:"changed"`
	NeedRestart []string `json:"need_restart"`
	Diff        string   `json:"diff"`
}

// A Rollback is the body of POST /api/config/rollback.
type Rollback struct {
	// To is the id of a version. Empty means the one before the current.
	To string `json:"to"`
}

// A Sample is the answer of POST /api/config/sample: what some documents of the draft's
// collection have.
type Sample struct {
	Documents int            `json:"documents"`
	Fields    []SampledField `json:"fields"` // the most frequent first
	IDs       []SampledIDs   `json:"ids"`    // by their type
	// Users are how many of the users who logged in last have a document with the draft,
	// of how many.
	UsersFound int `json:"users_found"`
	Users      int `json:"users"`
	// MedianBytes and MaxBytes are the size of a whole document as JSON.
	MedianBytes int    `json:"median_bytes"`
	MaxBytes    int    `json:"max_bytes"`
	Fault       string `json:"fault"` // why there is no sample, or ""
}

// A SampledField is a field of the documents. Bytes are those of its name and value as
// JSON.
type SampledField struct {
	Path        string   `json:"path"`
	Types       []string `json:"types"`
	Documents   int      `json:"documents"` // that have it
	MedianBytes int      `json:"median_bytes"`
	MaxBytes    int      `json:"max_bytes"`
	// Credential says that it looks like a credential.
	Credential bool `json:"credential"`
	// Included says whether the draft embeds it.
	Included bool `json:"included"`
}

// SampledIDs are ids of one type in the user-id field.
type SampledIDs struct {
	Type      string `json:"type"`
	Documents int    `json:"documents"`
	Matches   bool   `json:"matches"` // whether user_id_type allows the type
	// Examples are some ids. Only peers who may write get them.
	Examples []string `json:"examples"`
}
