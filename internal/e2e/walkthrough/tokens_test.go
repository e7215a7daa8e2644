package walkthrough_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// claims prints the claims of the tokens in its input, one per line.
func claims() {
	for _, token := range tokens() {
		parsed, _ := enrich.ParseToken(token)
		for name, value := range parsed.Claims() {
			fmt.Printf("%s: %s\n", name, value)
		}
	}
}

// firstToken prints the first token in its input that is not an id_token.
func firstToken() {
	for _, token := range tokens() {
		if parsed, _ := enrich.ParseToken(token); parsed.Claim("at_hash") == nil {
			fmt.Println(token)
			return
		}
	}
}

// tokens returns all tokens in the input.
func tokens() []string {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	return e2e.Tokens(string(text))
}

// field prints a string member of the JSON object in its input.
func field() {
	var members map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&members); err != nil {
		panic(err)
	}
	fmt.Println(members[os.Args[1]])
}
