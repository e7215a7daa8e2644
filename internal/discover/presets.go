package discover

// A PresetFit says how well a preset fits a session.
type PresetFit struct {
	Name   string
	Prefix *string // other than the preset's own; nil for its own
	// Full says that the preset covers every site and every place of [Analysis].Restores.
	Full    bool
	Covered int      // sites
	Missing []string // what it does not cover, as sentences
}

// FitPresets returns the presets that cover at least one site, the best first.
func FitPresets(exchanges []Exchange, a Analysis) []PresetFit { return nil }
