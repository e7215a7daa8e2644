package hooks

import (
	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich"
)

// metadata maps the members of data in App Services' user object to the claims of
// OpenID Connect (Core, section 5.1) that they come from.
var metadata = map[string]string{
	"email": "email", "name": "name", "picture": "picture", "gender": "gender",
	"first_name": "given_name", "last_name": "family_name", "birthday": "birthdate",
}

// user is the user object that functions of App Services get.
type user struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Data       data            `json:"data"`
	CustomData json.RawMessage `json:"custom_data"`
	Identities []identity      `json:"identities"`
}

type identity struct {
	ID       string `json:"id"`
	Provider string `json:"provider_type"`
	Data     data   `json:"data"`
}

type data map[string]json.RawMessage

// UserObject returns the user object that functions get. Its data comes from the claims of the
// verified tokens, and from no other part of the response, because the rest is not
// signed. It takes text, numbers and booleans only: users could write an object
// that is read as Extended JSON.
func UserObject(s enrich.SignIn) json.RawMessage {
	found := data{}
	for _, text := range s.Claims {
		var claims data
		if json.Unmarshal(text, &claims) != nil {
			continue
		}
		for member, claim := range metadata {
			if value := claims[claim]; isScalar(value) && found[member] == nil {
				found[member] = value
			}
		}
	}
	customData := s.Document
	if customData == nil {
		customData = json.RawMessage("{}")
	}
	object, _ := json.Marshal(user{
		ID: s.User.ID, Type: typeOf(s.Provider), Data: found, CustomData: customData,
		Identities: []identity{{ID: s.User.ID, Provider: s.Provider, Data: found}},
	})
	return object
}

// typeOf returns the type of a user. App Services calls the owner of an API key a
// server.
func typeOf(provider string) string {
	if provider == "api-key" {
		return "server"
	}
	return "normal"
}

func isScalar(value json.RawMessage) bool {
	return len(value) > 0 && value[0] != '{' && value[0] != '[' && string(value) != "null"
}
