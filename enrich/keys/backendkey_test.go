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
			t.Errorf("%s: signer %v, want the backend's own", algorithm, key)
		}
	}
	if key := signer(t, ring, token(other)); key != nil {
		t.Errorf("signer %v of another key's token, want none", key)
	}
	stranger := enrichtest.NewIssuer(t, "ES256")
	beside := openFile(t, setOf(stranger), func(o *keys.Options) { o.BackendKey = file(t, other.PrivatePEM()) })
	if key := signer(t, beside, token(stranger)); key != nil {
		t.Errorf("signer %v of another key's token of the same type, want none", key)
	}
	if ring.HasOwn() {
		t.Error("HasOwn with the backend's key alone")
	}
}

func TestBackendKey_MustBelongToThePublicKeys(t *testing.T) {
	theirs, other := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	private := file(t, other.PrivatePEM())
	_, err := keys.Open(keys.Options{PublicKey: file(t, theirs.PublicPEM()), BackendKey: private, Logger: slog.New(slog.DiscardHandler)})
	if fault, ok := errors.AsType[*keys.OptionError](err); !ok || fault.Option != "BackendKey" {
		t.Errorf("Open = %v, want a fault of BackendKey", err)
	}
	ring := openFile(t, setOf(theirs), func(o *keys.Options) { o.BackendKey = private })
	err = ring.Check(t.Context())
	if fault, ok := errors.AsType[*keys.OptionError](err); !ok || fault.Option != "BackendKey" {
		t.Errorf("Check = %v, want a fault of BackendKey", err)
	}
}
