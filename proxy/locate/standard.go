package locate

// A standardPlace is a place in which a specification, or a convention of many programs,
// puts tokens. The page docs/configuration.md has them as a table.
type standardPlace struct {
	Location
	source string
}

// standardPlaces are where tokens come to a backend whatever its rules are. Each has its
// source. Proofs and secrets of clients, such as DPoP and client_assertion, are not in it,
// because no enriched token is ever there. A token inside a request object (RFC 9101) cannot
// be restored, because the object is signed.
var standardPlaces = []standardPlace{
	{authorization, "RFC 9110, section 11.6.2, with any scheme; RFC 7617, section 2: user and password of Basic"},
	{Location{inHeader, subprotocols}, "RFC 6455, section 4.1; conventions of Kubernetes, Jupyter and others"},
	{anyCookie, "RFC 6265, section 5.4; a response can repeat a token in a cookie that no rule names"},
	{Location{inQuery, "access_token"}, "RFC 6750, section 2.3"},
	{Location{inQuery, "id_token_hint"}, "OpenID Connect Core, section 3.1.2.1; RP-Initiated Logout, section 2"},
	{Location{inForm, "access_token"}, "RFC 6750, section 2.2"},
	{Location{inForm, "token"}, "RFC 7009, section 2.1; RFC 7662, section 2.1"},
	{Location{inForm, "subject_token"}, "RFC 8693, section 2.1; OpenID Connect Native SSO, section 4"},
	{Location{inForm, "actor_token"}, "RFC 8693, section 2.1"},
	{Location{inForm, "assertion"}, "RFC 7521, section 4.1"},
	{Location{inForm, "id_token_hint"}, "RFC 9126, section 2.1; OpenID Connect CIBA, section 7.1; RP-Initiated Logout, section 2"},
	{Location{inForm, "login_hint_token"}, "OpenID Connect CIBA, section 7.1"},
	{Location{inForm, "claim_token"}, "UMA 2.0 Grant, section 3.3.1"},
	{Location{inForm, "rpt"}, "UMA 2.0 Grant, section 3.3.1"},
}

// urlParams are the parameters in which a URL carries tokens to a client.
var urlParams = []standardPlace{
	{Location{inFragment, "access_token"}, "RFC 6749, section 4.2.2"},
	{Location{inFragment, "id_token"}, "OpenID Connect Core, section 3.2.2.5"},
	{Location{inQuery, "access_token"}, "the same, of backends without fragments"},
	{Location{inQuery, "id_token"}, "the same"},
}

var standardQuery, standardForm = standardNames(inQuery), standardNames(inForm)

// standardNames returns the names of the standard places in a part of a message.
func standardNames(in in) map[string]bool {
	names := map[string]bool{}
	for _, place := range standardPlaces {
		if place.in == in {
			names[place.name] = true
		}
	}
	return names
}

// KnownInRequests returns the locations in which enriched tokens of requests are found
// whatever the rules are. "cookie" is every cookie.
func KnownInRequests() []Location {
	locations := make([]Location, len(standardPlaces))
	for i, place := range standardPlaces {
		locations[i] = place.Location
	}
	return locations
}
