package jose_test

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

const secret = "a secret that only tests use, of 52 bytes in this file"

// methodOf returns golang-jwt's method of an algorithm, which does not know the name Ed25519.
func methodOf(algorithm string) jwt.SigningMethod {
	return jwt.GetSigningMethod(jose.Canonical(algorithm))
}

// A pair is a key with its private and public half as golang-jwt takes them, and the
// prepared verifier.
type pair struct {
	key             *jose.Key
	private, public any
	verifier        jose.Verifier
}

func newPair(t testing.TB, algorithm string) pair {
	t.Helper()
	if jose.IsSecret(algorithm) {
		keys, err := jose.NewSecretKeys([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return pair{keys[algorithm], []byte(secret), []byte(secret), jose.NewSecretVerifier([]byte(secret))}
	}
	private, err := jose.Generate(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jose.NewKeys(private, "kid", algorithm)
	if err != nil {
		t.Fatal(err)
	}
	var signer any = private
	return pair{keys[algorithm], signer, private.Public(), jose.Verifier{Key: private.Public()}}
}

func (p pair) verifies(algorithm, text string, signature []byte) bool {
	return p.verifier.Verifies(algorithm, text, signature)
}

// texts are signed. The last is longer than what a buffer keeps.
var texts = []string{"", "a.b", strings.Repeat("eyJ", 400), strings.Repeat("x", 20<<10)}

func TestMethods_AgreeWithGolangJWT(t *testing.T) {
	for algorithm := range jose.Supported() {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			p, method := newPair(t, algorithm), methodOf(algorithm)
			for i := range 24 * len(texts) { // numbers with a leading zero are rare
				text := texts[i%len(texts)]
				ours, err := p.key.AppendSignature([]byte("before"), []byte(text))
				if err != nil || !bytes.HasPrefix(ours, []byte("before")) {
					t.Fatalf("signature %q (%v), want one after before", ours, err)
				}
				ours = ours[len("before"):]
				if err := method.Verify(text, ours, p.public); err != nil || len(ours) != p.key.SignatureSize() {
					t.Fatalf("golang-jwt refuses our signature of %d bytes: %v", len(ours), err)
				}
				theirs, err := method.Sign(text, p.private)
				if err != nil {
					t.Fatal(err)
				}
				if !p.verifies(algorithm, text, theirs) || p.key.Verify(text, theirs) != nil {
					t.Fatalf("we refuse the signature %x that golang-jwt made", theirs)
				}
				if i%8 == 0 {
					checkTampered(t, p, algorithm, text, theirs)
				}
			}
		})
	}
}

// checkTampered checks that we and golang-jwt decide alike about changed signatures and
// texts.
func checkTampered(t *testing.T, p pair, algorithm, text string, signature []byte) {
	t.Helper()
	half, zeros := len(signature)/2, make([]byte, len(signature))
	changed := [][]byte{
		nil, {}, {0}, zeros, signature[1:], signature[:len(signature)-1],
		append(slices.Clone(signature), 0), append([]byte{0}, signature...),
		append(slices.Clone(zeros[:half]), signature[half:]...),
		append(slices.Clone(signature[:half]), zeros[half:]...),
		bytes.Repeat([]byte{0xff}, len(signature)),
		slices.Concat(signature[half:], signature[:half]), slices.Concat(signature, signature),
	}
	for _, i := range []int{0, 1, half - 1, half, len(signature) - 1} {
		flipped := slices.Clone(signature)
		flipped[i] ^= 0x80
		changed = append(changed, flipped)
	}
	agree := func(text string, signature []byte) {
		t.Helper()
		want := methodOf(algorithm).Verify(text, signature, p.public) == nil
		if got := p.verifies(algorithm, text, signature); got != want {
			t.Errorf("verifies %x of %d bytes: %v, golang-jwt says %v", signature, len(text), got, want)
		}
		if got := p.key.Verify(text, signature) == nil; got != want {
			t.Errorf("the key verifies %x of %d bytes: %v, golang-jwt says %v", signature, len(text), got, want)
		}
	}
	for _, other := range changed {
		agree(text, other)
	}
	agree(text+"x", signature)
	agree("x"+text, signature)
	agree(text, signature)
}

func TestMethods_RefuseKeysOfOtherTypes(t *testing.T) {
	pairs := map[string]pair{}
	for algorithm := range jose.Supported() {
		pairs[algorithm] = newPair(t, algorithm)
	}
	for algorithm, p := range pairs {
		signature, err := p.key.AppendSignature(nil, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		for other, q := range pairs {
			if got, want := q.verifies(algorithm, "text", signature), algorithm == other || jose.IsSecret(algorithm) && jose.IsSecret(other); got != want {
				t.Errorf("a key for %s verifies %s: %v, want %v", other, algorithm, got, want)
			}
		}
	}
	public := pairs["ES256"].public.(crypto.PublicKey)
	if (jose.Verifier{Key: public}).Verifies("ES384", "text", make([]byte, 96)) {
		t.Error("a key of P-256 verifies ES384")
	}
}

// BenchmarkMethods compares our way with golang-jwt's.
func BenchmarkMethods(b *testing.B) {
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "ES384"} {
		p, method, text := newPair(b, algorithm), methodOf(algorithm), texts[2]
		signature, err := method.Sign(text, p.private)
		if err != nil {
			b.Fatal(err)
		}
		input, dst := []byte(text), make([]byte, 0, 256)
		for name, run := range map[string]func() error{
			"sign":              func() error { _, err := p.key.AppendSignature(dst, input); return err },
			"sign/golang-jwt":   func() error { _, err := method.Sign(text, p.private); return err },
			"verify":            func() error { return p.key.Verify(text, signature) },
			"verify/golang-jwt": func() error { return method.Verify(text, signature, p.public) },
		} {
			b.Run(fmt.Sprintf("%s/%s", algorithm, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
