//go:build !openssl

package libcrypto

import (
	"errors"
	"testing"
)

func TestDefaultBuild_HasNoOpenSSL(t *testing.T) {
	if _, err := Version(); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("Version: error %v, want ErrNotBuilt", err)
	}
	if signer, err := NewSigner(nil); signer != nil || !errors.Is(err, ErrNotBuilt) {
		t.Errorf("NewSigner: %v, %v, want nil and ErrNotBuilt", signer, err)
	}
}
