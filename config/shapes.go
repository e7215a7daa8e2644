package config

import (
	"net/netip"
	"reflect"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// shapes are the schemas of the scalars. A pattern is never stricter than the
// type's parser, which has the last word. on and off are text here: so they are
// in YAML 1.2.
var shapes = map[reflect.Type]schema{
	reflect.TypeFor[string]():          {"type": "string"},
	reflect.TypeFor[Secret]():          {"type": "string"},
	reflect.TypeFor[Path]():            {"type": "string"},
	reflect.TypeFor[bool]():            expandable(schema{"type": "boolean"}, matching(`^(true|false)$`)),
	reflect.TypeFor[time.Duration]():   expandable(matching(`^\+?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`), schema{"const": 0}),
	reflect.TypeFor[Size]():            expandable(matching(`^[0-9]+( *(B|[kKMG]B|[KMG]iB))?$`), schema{"type": "integer", "minimum": 0}),
	reflect.TypeFor[Address]():         expandable(matching(`^([^:\[\]]*|\[[^\[\]]*\]):[0-9]+$`)),
	reflect.TypeFor[BaseURL]():         expandable(matching(`^([Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+/?#?)?$`)),
	reflect.TypeFor[JWKS]():            expandable(schema{"type": "string", "not": schema{"pattern": "://"}}, matching(`^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]`)),
	reflect.TypeFor[ClaimPath]():       expandable(matching(`^(\\\.|[^.])+(\.(\\\.|[^.])+)*$`)),
	reflect.TypeFor[netip.Prefix]():    expandable(matching(`^(private|loopback|[0-9.]+(/[0-9]+)?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%.+|/[0-9]+)?)$`)),
	reflect.TypeFor[locate.Location](): expandable(matching("^(body|(header|cookie):[A-Za-z0-9!#$%&'*+.^_`|~-]+|(json|fragment|query|form):[\\s\\S]+)$")),
	reflect.TypeFor[Toggle]():          expandable(oneWord(toggles)),
	reflect.TypeFor[Refresh]():         expandable(oneWord(refreshes)),
	reflect.TypeFor[Preset]():          expandable(oneWord(presets)),
	reflect.TypeFor[Answer]():          expandable(oneWord(answers)),
	reflect.TypeFor[Errors]():          expandable(oneWord(errorShapes)),
	reflect.TypeFor[Operation]():       expandable(oneWord(operations)),
	reflect.TypeFor[VerifyAlgorithm](): expandable(oneWord(verifyAlgorithms)),
	reflect.TypeFor[SignAlgorithm]():   expandable(oneWord(signAlgorithms)),
	reflect.TypeFor[Policy]():          expandable(oneWord(policies)),
	reflect.TypeFor[TokenKind]():       expandable(oneWord(tokenKinds)),
	reflect.TypeFor[Format]():          expandable(oneWord(formats)),
	reflect.TypeFor[UserIDType]():      expandable(oneWord(userIDTypes)),
}

// variableShape is text with a variable in it.
var variableShape = matching(`\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`)

// expandable takes a variable, too.
func expandable(alternatives ...schema) schema {
	return anyOf(append(alternatives, schema{"$ref": "#/$defs/variable"})...)
}

func matching(pattern string) schema { return schema{"type": "string", "pattern": pattern} }

func oneWord[W ~string](words []W) schema { return schema{"enum": words} }
