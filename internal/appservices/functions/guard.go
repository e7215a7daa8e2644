package functions

const (
	// maxElements is how many elements an array may be created with. The memory
	// limit applies to arrays that grow.
	maxElements = 1 << 20
	// maxText is how many characters a built-in may add to a string in one step.
	maxText = 16 << 20
	// maxNesting is how deep the text of JSON.parse may nest, because goja parses
	// it recursively.
	maxNesting = 1000
)

// guard runs js/guard.js.
func (c *call) guard() error {
	f, err := c.builtin(guardProgram)
	if err != nil {
		return err
	}
	_, err = f(nil, c.vm.ToValue(maxElements), c.vm.ToValue(maxText), c.vm.ToValue(maxNesting), c.vm.ToValue(nesting))
	return err
}

// nesting returns how deep JSON text nests.
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
