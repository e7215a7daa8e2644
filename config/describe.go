package config

import (
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// want says what the setting's value is, in faults and in the manual.
func (f field) want(t reflect.Type) string {
	switch {
	case f.single:
		return describe(t.Elem()) + ", or " + describe(t)
	case f.switches:
		return "true, false or a mapping"
	}
	return describe(t) + f.otherwise()
}

// wantWhole is want with the settings of a section.
func (f field) wantWhole(t reflect.Type) string {
	if t.Kind() == reflect.Struct && !isScalar(t) {
		return "a mapping of " + strings.Join(namesOf(fieldsOf(t)), ", ")
	}
	return f.want(t)
}

// otherwise says what may stand in place of a scalar.
func (f field) otherwise() string {
	switch {
	case f.off:
		return ", or off"
	case f.switches:
		return ", or a mapping"
	}
	return ""
}

// words says what a value of a type is, in faults and in the manual.
var words = map[reflect.Type]string{
	reflect.TypeFor[string]():          "text",
	reflect.TypeFor[bool]():            "true or false",
	reflect.TypeFor[time.Duration]():   "a duration",
	reflect.TypeFor[Size]():            "a size",
	reflect.TypeFor[Secret]():          "a secret",
	reflect.TypeFor[Path]():            "a path",
	reflect.TypeFor[Address]():         "host:port",
	reflect.TypeFor[BaseURL]():         "a URL without a path",
	reflect.TypeFor[JWKS]():            "a URL or a path",
	reflect.TypeFor[ClaimPath]():       "the path of a claim",
	reflect.TypeFor[Toggle]():          oneOf(toggles),
	reflect.TypeFor[Refresh]():         oneOf(refreshes),
	reflect.TypeFor[Preset]():          oneOf(presets),
	reflect.TypeFor[Answer]():          oneOf(answers),
	reflect.TypeFor[Errors]():          oneOf(errorShapes),
	reflect.TypeFor[Operation]():       oneOf(operations),
	reflect.TypeFor[VerifyAlgorithm](): oneOf(verifyAlgorithms),
	reflect.TypeFor[SignAlgorithm]():   oneOf(signAlgorithms),
	reflect.TypeFor[peers]():           "a CIDR, an address, private or loopback",
	reflect.TypeFor[netip.Prefix]():    "a CIDR, an address, private or loopback",
	reflect.TypeFor[locate.Location](): "a location like json:access_token",
	reflect.TypeFor[Policy]():          oneOf(policies),
	reflect.TypeFor[TokenKind]():       oneOf(tokenKinds),
	reflect.TypeFor[Format]():          oneOf(formats),
	reflect.TypeFor[UserIDType]():      oneOf(userIDTypes),
}

// describe says what a value of a type is.
func describe(t reflect.Type) string {
	if word, ok := words[t]; ok {
		return word
	}
	if t.Kind() == reflect.Slice {
		return "a list, each " + describe(t.Elem())
	}
	return "a mapping"
}
