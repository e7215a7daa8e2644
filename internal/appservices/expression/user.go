package expression

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// NewUser returns a user for [Env] from a user object as functions have it, in Extended
// JSON. Expressions spell the provider of an identity providerType.
func NewUser(object json.RawMessage) (bsonvalue.Value, error) {
	user, err := bsonvalue.Parse(object)
	if err != nil {
		return bsonvalue.Value{}, fmt.Errorf("user object: %w", err)
	}
	if user.Kind() != bsonvalue.Document {
		return bsonvalue.Value{}, errors.New("user object: it is not an object")
	}
	if user.Field("custom_data").Kind() == bsonvalue.IsNull {
		user = user.With("custom_data", bsonvalue.Value{})
	}
	identities := user.Field("identities")
	if identities.Kind() != bsonvalue.Array {
		return user, nil
	}
	var renamed []bsonvalue.Value
	for identity := range identities.Items() {
		renamed = append(renamed, renamedIdentity(identity))
	}
	return user.With("identities", bsonvalue.NewArray(renamed...)), nil
}

func renamedIdentity(identity bsonvalue.Value) bsonvalue.Value {
	provider := identity.Field("provider_type")
	if provider.IsMissing() {
		return identity
	}
	return identity.With("provider_type", bsonvalue.Value{}).With("providerType", provider)
}
