package keys

import (
	"crypto"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/permissions"
)

// openPinned opens the keys that never change: the secret, the public key and the
// backend's private key.
func (r *Ring) openPinned() error {
	if len(r.o.Secret) > 0 {
		keys, err := jose.NewSecretKeys(r.o.Secret)
		if err != nil {
			return &OptionError{"Secret", err}
		}
		maps.Copy(r.shared, keys)
		r.pinned = append(r.pinned, jose.NewSecretVerifier(r.o.Secret))
	}
	if r.o.PublicKey != "" {
		public, err := readPEM(r.o.PublicKey, jose.ParsePublicPEM)
		if err != nil {
			return &OptionError{"PublicKey", fmt.Errorf("cannot read the backend's public key: %w", err)}
		}
		r.pinned = append(r.pinned, jose.Verifier{Key: public})
	}
	if r.o.BackendKey != "" {
		return r.openBackendKey()
	}
	return nil
}

func (r *Ring) openBackendKey() error {
	private, err := readPrivatePEM(r.o.BackendKey)
	if err != nil {
		return &OptionError{"BackendKey", fmt.Errorf("cannot read the backend's private key: %w", err)}
	}
	keys, err := jose.NewKeys(private, "")
	if err != nil {
		return &OptionError{"BackendKey", fmt.Errorf("cannot use the backend's private key: %s: %w", r.o.BackendKey, err)}
	}
	maps.Copy(r.shared, keys)
	if r.o.PublicKey != "" {
		if err := r.checkBackendKey(r.pinned); err != nil {
			return err
		}
	}
	r.pinned = append(r.pinned, jose.Verifier{Key: private.Public()})
	return nil
}

// checkBackendKey returns an error if the backend's private key does not match one
// of its public keys. Then it could not sign any token.
func (r *Ring) checkBackendKey(public []jose.Verifier) error {
	if r.o.BackendKey == "" {
		return nil
	}
	for _, k := range r.shared {
		if slices.ContainsFunc(public, func(v jose.Verifier) bool { return !v.IsSecret() && k.Matches(v) }) {
			return nil
		}
	}
	return &OptionError{"BackendKey", fmt.Errorf("the private key in %s matches none of the backend's public keys, so it cannot sign tokens. Use the key that the backend signs with", r.o.BackendKey)}
}

// readPrivatePEM reads a file with a private key. It fails if others can change the
// file.
func readPrivatePEM(path string) (crypto.Signer, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = permissions.CheckFile(path, info)
	}
	if err != nil {
		return nil, err
	}
	return readPEM(path, jose.ParsePrivatePEM)
}

// readPEM reads a key file. Its errors contain the path, but nothing of the file.
func readPEM[Key any](path string, parse func([]byte) (Key, error)) (key Key, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return key, err
	}
	if key, err = parse(text); err != nil {
		return key, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}
