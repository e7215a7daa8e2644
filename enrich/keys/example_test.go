package keys_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// A ring for a backend that shares its secret: it verifies the backend's tokens, and
// signs enriched ones with the same secret.
func Example() {
	ring, err := keys.Open(keys.Options{
		Secret:  []byte("a secret that is shared with the backend"),
		Issuers: []string{"https://auth.example.com"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := enrich.ParseToken("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" +
		".eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20iLCJzdWIiOiJ1MSJ9" +
		".7YMkGvOgw5jk5thwq-XbuZET0eh_szHy_OzyEnjvhD0")
	if err != nil {
		fmt.Println(err)
		return
	}
	verified, err := ring.Verify(context.Background(), token)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s is verified and can be signed with %s\n", token.Claim("sub"), verified.Signer.Algorithm())
	// Output: "u1" is verified and can be signed with HS256
}

// The error of Open says which option is wrong.
func ExampleOpen_fault() {
	_, err := keys.Open(keys.Options{Dir: "./keys"})
	if fault, ok := errors.AsType[*keys.OptionError](err); ok {
		fmt.Println(fault.Option)
	}
	fmt.Println(err)
	// Output:
	// JWKS
	// keys: JWKS: no keys of the backend: set JWKS, Discovery, PublicKey, Secret or BackendKey
}
