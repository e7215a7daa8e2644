package keys_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestBackendKey_SignsOnlyTokensItVerifies(t *testing.T) {
	backend, other := enrichtest.NewIssuer(t, "RS256"), enrichtest.NewIssuer(t, "ES256")
	ring := openFile(t, setOf(backend, other), func(o *keys.Options) { o.BackendKey = file(t, backend.PrivatePEM()) })
	for _, algorithm := range []string{"RS256", "RS512", "PS256"} {
		key := signer(t, ring, token(newIssuer(backend, algorithm)))
		if key == nil || key.ID() != "" || key.Algorithm() != algorithm {
			t.Errorf("signer for %s: %v, want the backend's key", algorithm, key)
		}
	}
	if key := signer(t, ring, token(other)); key != nil {
		t.Errorf("signer for a token of another key: %v, want none", key)
	}
	stranger := enrichtest.NewIssuer(t, "ES256")
	second := openFile(t, setOf(stranger), func(o *keys.Options) { o.BackendKey = file(t, other.PrivatePEM()) })
	if key := signer(t, second, token(stranger)); key != nil {
		t.Errorf("signer for a token of another key of the same type: %v, want none", key)
	}
	if ring.HasOwnKeys() {
		t.Error("HasOwnKeys with only the backend's key = true, want false")
	}
}

func TestBackendKey_MustBelongToThePublicKeys(t *testing.T) {
	theirs, other := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	private := file(t, other.PrivatePEM())
	_, err := keys.Open(keys.Options{PublicKey: file(t, theirs.PublicPEM()), BackendKey: private, Logger: slog.New(slog.DiscardHandler)})
	if fault, ok := errors.AsType[*keys.OptionError](err); !ok || fault.Option != "BackendKey" {
		t.Errorf("Open = %v, want an OptionError for BackendKey", err)
	}
	ring := openFile(t, setOf(theirs), func(o *keys.Options) { o.BackendKey = private })
	err = ring.Check(t.Context())
	if fault, ok := errors.AsType[*keys.OptionError](err); !ok || fault.Option != "BackendKey" {
		t.Errorf("Check = %v, want an OptionError for BackendKey", err)
	}
}
