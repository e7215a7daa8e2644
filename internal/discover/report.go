package discover

import (
	"net/url"
)

// A Report is all that was found out.
type Report struct {
	Backend    *url.URL
	Analysis   Analysis
	Keys       Keys
	Users      *Users // nil if there is no collection
	Presets    []PresetFit
	Database   string
	Collection string
	Secret     bool // a secret was given
}
