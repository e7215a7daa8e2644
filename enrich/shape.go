package enrich

import "fmt"

// Restore says which enriched tokens are swapped back to originals on the way
// to the backend. The zero Restore is RestoreAuto.
type Restore int

// The words of the setting.
const (
	RestoreAuto Restore = iota // those signed with a key of our own
	RestoreOn                  // all
	RestoreOff                 // none
)

// UnmarshalText parses the word of the configuration file.
func (r *Restore) UnmarshalText(text []byte) error {
	switch string(text) {
	case "auto":
		*r = RestoreAuto
	case "on":
		*r = RestoreOn
	case "off":
		*r = RestoreOff
	default:
		return fmt.Errorf("unknown word %q, want auto, on or off", text)
	}
	return nil
}

// String returns the word of the configuration file.
func (r Restore) String() string { return [...]string{"auto", "on", "off"}[r] }
