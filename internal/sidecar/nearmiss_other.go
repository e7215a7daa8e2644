package sidecar

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// nearMissOf describes a document whose id, in the user-id field, is nearly a user's.
func nearMissOf(d config.Documents, near bsonjson.NearMiss) NearMiss {
	m := NearMiss{Claim: string(d.UserIDClaim), Field: d.UserIDField, FoundType: string(near.Found)}
	if near.Use != "" {
		m.Setting = "user_id_type: " + string(near.Use)
	}
	m.Text = fmt.Sprintf("There is a document in which %s has the id as the type %s. %s", m.Field, near.Found, advice(near))
	return m
}

// misses looks for the user's id in other fields, and in the user-id field for the values
// of other claims.
func misses(ctx context.Context, source explainer, d config.Documents, user enrich.User, claims []otherClaim) []NearMiss {
	var found []NearMiss
	if near, ok, err := source.Elsewhere(ctx, user); err == nil && ok {
		found = append(found, elsewhereOf(d, near))
	}
	users := make([]enrich.User, len(claims))
	for i, claim := range claims {
		users[i] = claim.user
	}
	if i, err := source.FirstWithDocument(ctx, users); err == nil && i >= 0 {
		name := strings.ReplaceAll(claims[i].name, ".", `\.`)
		found = append(found, NearMiss{
			Claim: name, Field: d.UserIDField, Setting: "user_id_claim: " + name,
			Text: fmt.Sprintf("There is a document in which %s has the value of the claim %s. If that claim is the user's id, write this in the section documents: user_id_claim: %[2]s", d.UserIDField, name),
		})
	}
	return found
}

func elsewhereOf(d config.Documents, near bsonjson.NearMiss) NearMiss {
	m := NearMiss{Claim: string(d.UserIDClaim), Field: near.Field, FoundType: string(near.Found), Setting: "user_id_field: " + near.Field}
	if near.Use != "" && near.Use != userIDTypes[d.UserIDType] {
		m.Setting += ", user_id_type: " + string(near.Use)
	}
	m.Text = fmt.Sprintf("There is a document in which the field %s has this id, with the type %s. If that is the field of the user's id, write this in the section documents: %s", m.Field, m.FoundType, m.Setting)
	return m
}

// An otherClaim is a claim that may be the user's id.
type otherClaim struct {
	name string
	user enrich.User
}

// mostClaims limits how many other claims are looked at.
const mostClaims = 32

// notIDs are claims of RFC 7519 and OpenID Connect that never are the user's id.
var notIDs = map[string]bool{
	"iss": true, "aud": true, "exp": true, "nbf": true, "iat": true, "jti": true, "azp": true, "client_id": true, "cid": true,
	"nonce": true, "auth_time": true, "acr": true, "amr": true, "at_hash": true, "c_hash": true, "s_hash": true,
	"sid": true, "scope": true, "typ": true, "type": true, "email_verified": true, "locale": true, "zoneinfo": true,
}

// otherClaims returns the claims of a token, except for one, whose value can be an id.
func otherClaims(token *enrich.Token, except string, user enrich.User) (others []otherClaim) {
	for name, value := range token.Claims() {
		other := enrich.UserOf(value)
		if name == except || notIDs[name] || other == (enrich.User{}) || len(others) == mostClaims {
			continue
		}
		other.Issuer = user.Issuer
		if other != user {
			others = append(others, otherClaim{name, other})
		}
	}
	return others
}
