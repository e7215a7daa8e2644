package functions

const (
	// maxElements is how many an array may be made with. One that grows is the
	// memory watch's.
	maxElements = 1 << 20
	// maxText is how long a string may be made in one step.
	maxText = 16 << 20
	// maxNesting is how deep what JSON.parse reads may nest: goja recurses.
	maxNesting = 1000
)

// guard runs our source of bounds.
func (c *call) guard() error {
	f, err := c.ours(guardProgram)
	if err != nil {
		return err
	}
	_, err = f(nil, c.vm.ToValue(maxElements), c.vm.ToValue(maxText), c.vm.ToValue(maxNesting), c.vm.ToValue(nesting))
	return err
}

// nesting is how deep JSON text nests.
func nesting(text string) (deepest int) {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '[' || b == '{':
			depth++
			deepest = max(deepest, depth)
		case b == ']' || b == '}':
			depth--
		}
	}
	return deepest
}
