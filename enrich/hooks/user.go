package hooks

import (
	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich"
)

// metadata are the members of data in App Services' user object, and the claims
// of OpenID Connect (Core, section 5.1) that they come from.
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

// userObject returns the user object, with what the claims say of the user. Of
// the response nothing else counts: nobody has signed it, and what App Services'
// logins said there, user_id and device_id, is the id again and nothing of the
// user. Only text, numbers and booleans are taken over: an object of his own
// making could be read as Extended JSON.
func userObject(s enrich.SignIn) json.RawMessage {
	said := data{}
	for _, text := range s.Claims {
		var claims data
		if json.Unmarshal(text, &claims) != nil {
			continue
		}
		for member, claim := range metadata {
			if value := claims[claim]; isScalar(value) && said[member] == nil {
				said[member] = value
			}
		}
	}
	customData := s.Document
	if customData == nil {
		customData = json.RawMessage("{}")
	}
	object, _ := json.Marshal(user{
		ID: s.User.ID, Type: typeOf(s.Provider), Data: said, CustomData: customData,
		Identities: []identity{{ID: s.User.ID, Provider: s.Provider, Data: said}},
	})
	return object
}

// typeOf is the type of a user: one who shows an API key is a server.
func typeOf(provider string) string {
	if provider == "api-key" {
		return "server"
	}
	return "normal"
}

func isScalar(value json.RawMessage) bool {
	return len(value) > 0 && value[0] != '{' && value[0] != '[' && string(value) != "null"
}
