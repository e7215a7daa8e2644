package credentials_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/credentials"
)

// paths returns the paths of what was found, and ! before those that were embedded.
func paths(found []enrich.Credential) (paths []string) {
	for _, c := range found {
		if c.Dropped {
			paths = append(paths, c.Path)
		} else {
			paths = append(paths, "!"+c.Path)
		}
	}
	return paths
}

func TestGuard_DropsCredentialsAtAnyDepth(t *testing.T) {
	tests := []struct {
		name, object, include, want, found string
	}{
		{"nothing", `{"a":1,"b":[true,null,"x"],"c":{}}`, "", `{"a":1,"b":[true,null,"x"],"c":{}}`, ""},
		{"first", `{"password":"x","a":1}`, "", `{"a":1}`, "password"},
		{"last", `{"a":1,"password":"x"}`, "", `{"a":1}`, "password"},
		{"between", `{"a":1,"password":"x","b":2}`, "", `{"a":1,"b":2}`, "password"},
		{"only", `{"password":"x"}`, "", `{}`, "password"},
		{"all", `{"password":"x","salt":"y","hash":"z"}`, "", `{}`, "password salt hash"},
		{"several", `{"pwd":1,"a":1,"otp":2,"mfa":3,"b":2,"pass":4}`, "", `{"a":1,"b":2}`, "pwd otp mfa pass"},
		{"of any type", `{"mfaEnabled":true,"token":{"a":1},"salt":[1,[2],{}],"hash":null,"otp":1.5e3,"n":0}`, "", `{"n":0}`, "mfaEnabled token salt hash otp"},
		{"nested", `{"profile":{"name":"a","apiKey":"k"}}`, "", `{"profile":{"name":"a"}}`, "profile.apiKey"},
		{"in arrays of objects", `{"l":[{"token":1,"a":1},{"b":1,"token":2},[{"token":3}]]}`, "", `{"l":[{"a":1},{"b":1},[{}]]}`, "l.token"},
		{"by value", `{"a":"$2b$12$x","b":"x"}`, "", `{"b":"x"}`, "a"},
		{"by value in arrays", `{"l":["x","$2b$12$x","y",["$2a$1"]]}`, "", `{"l":["x","y",[]]}`, "l"},
		{"by value with escapes", `{"a":"\u00242b$12$x","pass\u0077ord":1,"b":"\n-----BEGIN KEY"}`, "", `{}`, "a password b"},
		{"by value in Extended JSON", `{"a":{"$symbol":"$2b$12$x"},"b":[{"$symbol":"$2b$12$x"},1],"n":{"$numberInt":"1"}}`, "", `{"b":[1],"n":{"$numberInt":"1"}}`, "a b"},
		{"by value in binary", `{"a":{"$binary":{"base64":"JDJiJDEyJEFiY0RlZkdoaWprbG1ub3A=","subType":"00"}}}`, "", `{}`, "a"},
		{"the top is not Extended JSON", `{"$a":"$2b$12$x","$b":1}`, "", `{"$b":1}`, "$a"},
		{"an object of secrets", `{"secrets":{"color":"red"},"a":1}`, "", `{"a":1}`, "secrets"},
		{"twice", `{"a":1,"token":1,"token":2}`, "", `{"a":1}`, "token"},
		{"spaces", "\n{ \"token\" : 1 ,\n \"a\" : [ 1 , \"$2a$\" ] , \"otp\" : { } } ", "", "\n{ \"a\" : [ 1  ]  } ", "token a otp"},
		{"quotes and brackets in strings", `{"a":"\\\"}],","token":"\"}{","b":"]"}`, "", `{"a":"\\\"}],","b":"]"}`, "token"},

		{"named", `{"password":"x","hash":"y"}`, "password", `{"password":"x"}`, "hash"},
		{"named by value", `{"a":"$2b$12$x","b":"$2b$12$x"}`, "a", `{"a":"$2b$12$x"}`, "b"},
		{"named below", `{"profile":{"password":"x","token":1}}`, "profile.password", `{"profile":{"password":"x"}}`, "profile.token"},
		{"a parent is not exact", `{"profile":{"password":"x","a":1}}`, "profile", `{"profile":{"a":1}}`, "profile.password"},
		{"a named object keeps its own secrets at home", `{"secrets":{"apiKey":"x","color":"red"}}`, "secrets", `{"secrets":{"color":"red"}}`, "secrets.apiKey"},
		{"a name at another place is not exact", `{"secrets":{"apiKey":"x"},"apiKey":"y","l":[{"secrets":1}]}`, "secrets apiKey", `{"secrets":{},"apiKey":"y","l":[{}]}`, "secrets.apiKey l.secrets"},
		{"the path through a credential is not the credential", `{"token":{"balance":5,"owner":"x","list":[1,{"$oid":"1"}]}}`, "token.balance", `{"token":{"balance":5}}`, "token.owner token.list"},
		{"the path through a credential that is a text", `{"token":"x"}`, "token.balance", `{}`, "token"},
		{"the path through a credential that is an array", `{"tokens":["x",{"id":1,"v":2},{"$oid":"1"}]}`, "tokens.id", `{"tokens":[{"id":1}]}`, "tokens tokens.v"},
		{"named in arrays", `{"l":[{"token":1},{"token":2,"salt":1}]}`, "l.token", `{"l":[{"token":1},{"token":2}]}`, "l.salt"},
		{"a named array of texts", `{"keys":["$2b$12$x",["$2b$12$y"]],"tokens":["x"]}`, "keys tokens", `{"keys":["$2b$12$x",["$2b$12$y"]],"tokens":["x"]}`, ""},
		{"named binary", `{"a":{"$binary":{"base64":"JDJiJDEyJEFiY0RlZkdoaWprbG1ub3A=","subType":"00"}}}`, "a", `{"a":{"$binary":{"base64":"JDJiJDEyJEFiY0RlZkdoaWprbG1ub3A=","subType":"00"}}}`, ""},
		{"named, with a secret under a name of Extended JSON", `{"a":{"$x":{"password":"x"}},"b":1}`, "a", `{"b":1}`, "a"},
		{"named Extended JSON", `{"a":{"$symbol":"$2b$12$x"}}`, "a", `{"a":{"$symbol":"$2b$12$x"}}`, ""},
		{"another letter case is not exact", `{"Password":"x"}`, "password", `{}`, "Password"},
		{"a dot in a name is not a path", `{"a.token":"x"}`, "a.token", `{}`, "*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found, err := credentials.New(credentials.Drop, strings.Fields(tt.include)).Apply([]byte(tt.object))
			if err != nil || string(got) != tt.want || !slices.Equal(paths(found), strings.Fields(tt.found)) {
				t.Errorf("%s, include [%s]:\ngot  %s, dropped %v, %v\nwant %s, dropped [%s]", tt.object, tt.include, got, paths(found), err, tt.want, tt.found)
			}

			got, found, err = credentials.New(credentials.Warn, strings.Fields(tt.include)).Apply([]byte(tt.object))
			for i := range found {
				found[i].Dropped = !found[i].Dropped
			}
			if err != nil || string(got) != tt.object || !slices.Equal(paths(found), strings.Fields(tt.found)) {
				t.Errorf("warn: %s, include [%s]:\ngot  %s, found %v, %v\nwant it unchanged, found [%s]", tt.object, tt.include, got, paths(found), err, tt.found)
			}

			got, found, err = credentials.New(credentials.Allow, nil).Apply([]byte(tt.object))
			if err != nil || string(got) != tt.object || found != nil {
				t.Errorf("allow: %s:\ngot  %s, found %v, %v\nwant it unchanged, nothing found", tt.object, got, paths(found), err)
			}
		})
	}
}

func TestGuard_ReturnsTheSameBytesWithoutCredentials(t *testing.T) {
	object := []byte(`{"name":"anna","tags":["a","$5"],"passport":{"country":"DE"}}`)
	got, found, err := credentials.New(credentials.Drop, nil).Apply(object)
	if err != nil || found != nil || &got[0] != &object[0] || len(got) != len(object) {
		t.Errorf("%s became %s, found %v, %v; want the same slice", object, got, found, err)
	}
	if allocs := testing.AllocsPerRun(100, func() { credentials.New(credentials.Drop, nil).Apply(object) }); allocs > 5 {
		t.Errorf("a document without credentials costs %v allocations, want at most 5", allocs)
	}
}

func TestGuard_LimitsWhatItReports(t *testing.T) {
	var members []string
	for i := range 100 {
		members = append(members, fmt.Sprintf(`"token_%c%c":1`, 'a'+i/10, 'a'+i%10))
	}
	got, found, err := credentials.New(credentials.Drop, nil).Apply([]byte("{" + strings.Join(members, ",") + "}"))
	if err != nil || string(got) != "{}" || len(found) != 32 {
		t.Errorf("100 fields became %s, found %d, %v; want {} and 32", got, len(found), err)
	}
}

func TestGuard_RefusesWhatItCannotRead(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000)
	for _, object := range []string{"", "null", "[]", `"x"`, "{", `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":"\`, `{"a":"\"`, `{"a":[}`, `{"a":[1}`, `{"a" 1}`, `{a:1}`, `{"token":[1,{}`, `{"token":}`, `{}{}`, `{} x`, deep} {
		if _, _, err := credentials.New(credentials.Drop, nil).Apply([]byte(object)); !errors.Is(err, enrich.ErrUndecodable) {
			t.Errorf("%.40s: error %v, want one that wraps ErrUndecodable", object, err)
		}
	}
}
