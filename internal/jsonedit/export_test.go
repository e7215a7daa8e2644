package jsonedit

// ParseSlowly is Parse with the library alone.
func ParseSlowly(text []byte) (*Object, error) { return parse(text, decoder(text)) }

// Scans reports whether the scanner accepts a text.
func Scans(text []byte) bool { return newObject(text).scan() }
