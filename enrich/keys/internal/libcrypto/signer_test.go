//go:build openssl && linux && !android && (amd64 || arm64)

package libcrypto

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// open returns the library. Without it on the machine, the test is skipped.
func open(t testing.TB) *library {
	t.Helper()
	l, err := loaded()
	if err != nil {
		t.Skip(err)
	}
	return l
}

func newKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func digestOf(hash crypto.Hash, text string) []byte {
	h := hash.New()
	h.Write([]byte(text))
	return h.Sum(nil)
}

var options = map[string]crypto.SignerOpts{
	"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512,
	"PS256": pss(crypto.SHA256), "PS384": pss(crypto.SHA384), "PS512": pss(crypto.SHA512),
}

func pss(hash crypto.Hash) crypto.SignerOpts {
	return &rsa.PSSOptions{Hash: hash, SaltLength: rsa.PSSSaltLengthEqualsHash}
}

func verify(key *rsa.PublicKey, digest, signature []byte, o crypto.SignerOpts) error {
	if pss, ok := o.(*rsa.PSSOptions); ok {
		return rsa.VerifyPSS(key, pss.Hash, digest, signature, pss)
	}
	return rsa.VerifyPKCS1v15(key, o.HashFunc(), digest, signature)
}

func TestSign_IsWhatCryptoRSAVerifies(t *testing.T) {
	open(t)
	for _, bits := range []int{2048, 3072, 2056} {
		key := newKey(t, bits)
		s, err := NewSigner(key)
		if err != nil {
			t.Fatal(err)
		}
		if !key.PublicKey.Equal(s.Public()) {
			t.Errorf("%d bits: Public is not the key's", bits)
		}
		for name, o := range options {
			digest := digestOf(o.HashFunc(), "some text")
			signature, err := s.Sign(nil, digest, o)
			if err != nil {
				t.Fatalf("%s with %d bits: %v", name, bits, err)
			}
			if err := verify(&key.PublicKey, digest, signature, o); err != nil {
				t.Errorf("%s with %d bits: %v", name, bits, err)
			}
			if err := verify(&key.PublicKey, digestOf(o.HashFunc(), "another text"), signature, o); err == nil {
				t.Errorf("%s with %d bits: the signature verifies another text", name, bits)
			}
			signature[len(signature)/2] ^= 1
			if err := verify(&key.PublicKey, digest, signature, o); err == nil {
				t.Errorf("%s with %d bits: a changed signature verifies", name, bits)
			}
		}
	}
}

// PKCS #1 v1.5 is deterministic, so both implementations make the same bytes.
func TestSign_PKCS1IsTheSignatureOfCryptoRSA(t *testing.T) {
	open(t)
	key := newKey(t, 2048)
	s, err := NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		digest := digestOf(crypto.SHA256, fmt.Sprint(i))
		got, err := s.Sign(nil, digest, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		want, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest)
		if err != nil || string(got) != string(want) {
			t.Fatalf("signature of the digest %x is %x, want %x (%v)", digest, got, want, err)
		}
	}
}

func TestSign_RefusesWhatNoAlgorithmHas(t *testing.T) {
	open(t)
	s, err := NewSigner(newKey(t, 2048))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(nil, make([]byte, 20), crypto.SHA1); err == nil {
		t.Error("SHA-1: no error")
	}
	for _, digest := range [][]byte{nil, {}, make([]byte, 31), make([]byte, 33)} {
		if _, err := s.Sign(nil, digest, crypto.SHA256); err == nil {
			t.Errorf("a digest of %d bytes for SHA-256: no error", len(digest))
		}
	}
}

// Each call is on any thread, keys come and go, and the threads stay few.
func TestSign_IsSafeForConcurrentUse(t *testing.T) {
	l, key := open(t), newKey(t, 2048)
	shared, err := l.newSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for g := range 200 {
		all.Go(func() {
			s, err := shared, error(nil)
			if g%10 == 0 { // the garbage collector frees this one
				s, err = l.newSigner(key)
			}
			for i := range 5 {
				digest := digestOf(crypto.SHA256, fmt.Sprint(g, i))
				var signature []byte
				if err == nil {
					signature, err = s.Sign(nil, digest, crypto.SHA256)
				}
				if err == nil {
					err = verify(&key.PublicKey, digest, signature, crypto.SHA256)
				}
				if err != nil {
					t.Errorf("goroutine %d, signature %d: %v", g, i, err)
					return
				}
			}
			runtime.GC()
		})
	}
	all.Wait()
	if threads := threads(t); threads > 60 {
		t.Errorf("200 goroutines that sign made %d threads, want at most 60", threads)
	}
}

func threads(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	n, err := strconv.Atoi(string(regexp.MustCompile(`Threads:\s+(\d+)`).FindSubmatch(status)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNewSigner_FreesItsKey(t *testing.T) {
	real := open(t)
	freed := make(chan uintptr, 1)
	counting := *real
	counting.freeKey = func(key uintptr) { real.freeKey(key); freed <- key }
	s, err := counting.newSigner(newKey(t, 2048))
	if err != nil {
		t.Fatal(err)
	}
	native := s.key
	runtime.GC()
	select {
	case <-freed:
		t.Fatal("the key was freed while its signer was in use")
	default:
	}
	runtime.KeepAlive(s)
	for {
		runtime.GC()
		select {
		case key := <-freed:
			if key != native {
				t.Errorf("freed the key %x, want %x", key, native)
			}
			return
		default:
		}
	}
}

func TestNewSigner_RefusesALibraryThatSignsWrongly(t *testing.T) {
	wrong := *open(t)
	sign := wrong.sign
	wrong.sign = func(context uintptr, signature *byte, size *uint, digest *byte, digestSize uint) int32 {
		ok := sign(context, signature, size, digest, digestSize)
		*signature ^= 1
		return ok
	}
	if _, err := wrong.newSigner(newKey(t, 2048)); err == nil {
		t.Error("no error")
	}
}

func TestFailure_NamesTheCause(t *testing.T) {
	l := open(t)
	_, err := l.parse([]byte("not a key"))
	if err == nil || !strings.Contains(err.Error(), "d2i_AutoPrivateKey of libcrypto.so.3 failed: error:") {
		t.Errorf("error %v, want one with the library's words", err)
	}
	if code := l.lastError(); code != 0 {
		t.Errorf("the error queue still has the code %x", code)
	}
}

func TestLoad_SaysWhatToInstall(t *testing.T) {
	for _, missing := range []string{"libcrypto.so.none", "libc.so.6"} { // none, and one without the functions
		_, err := load(missing)
		if !errors.Is(err, ErrMissing) || !strings.Contains(fmt.Sprint(err), "apt-get install libssl3") {
			t.Errorf("load(%q): error %v, want ErrMissing", missing, err)
		}
	}
}

func TestVersion_NamesOpenSSL(t *testing.T) {
	open(t)
	if version, err := Version(); err != nil || !strings.HasPrefix(version, "OpenSSL 3.") {
		t.Errorf("Version() = %q, %v, want one that starts with OpenSSL 3.", version, err)
	}
}

func BenchmarkSign(b *testing.B) {
	open(b)
	for _, bits := range []int{2048, 3072, 4096} {
		key := newKey(b, bits)
		native, err := NewSigner(key)
		if err != nil {
			b.Fatal(err)
		}
		digest := digestOf(crypto.SHA256, "some text")
		for _, c := range []struct {
			name string
			s    crypto.Signer
		}{{"openssl", native}, {"go", key}} {
			b.Run(fmt.Sprint(c.name, "/", bits), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.s.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
