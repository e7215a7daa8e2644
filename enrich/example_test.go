package enrich_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// people is your own source: documents by user id.
type people map[string]string

func (p people) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	began := time.Now()
	document, ok := p[q.User.ID]
	if !ok {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return enrich.Document{JSON: []byte(document), ReadAt: began}, nil
}

// A backend signs tokens with a secret. Its user anna has a document. The enriched
// token contains it.
func Example() {
	ring, err := keys.Open(keys.Options{Secret: []byte(secret), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	enricher, err := enrich.New(enrich.Options{
		Ring:    ring,
		Source:  people{"anna": `{"language":"de"}`},
		Restore: enrich.RestoreOn,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	original := signed(`{"sub":"anna"}`)
	outcome := enricher.Enrich(context.Background(), enrich.Grant{
		Answered: time.Now(),
		Tokens:   []enrich.Issued{{Raw: original, Kind: enrich.Access, Budget: 6 << 10}},
	})[0]
	fmt.Println(outcome.Reason)

	token, err := enrich.ParseToken(outcome.Raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("custom_data: %s\n", token.Claim("custom_data"))

	restored, ok := enricher.Restore(outcome.Raw)
	fmt.Println("restored:", ok && restored == original)
	// Output:
	// ok
	// custom_data: {"language":"de"}
	// restored: true
}

const secret = "a secret of at least 32 bytes, shared with the backend"

// signed returns a token as the backend issues it.
func signed(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	input := encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}
