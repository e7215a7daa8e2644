package locate_test

import (
	"fmt"
	"net/http"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

func ExampleResponse_Replace() {
	response := locate.Response{
		Header: http.Header{"Location": {"https://app.example/#state=1&access_token=an.original.token"}},
	}
	found := response.Find([]locate.Location{locate.MustParse("fragment:access_token")})
	response = response.Replace(found, map[string]string{found[0].Token: "an.enriched.token"})
	fmt.Println(response.Header.Get("Location"))
	// Output: https://app.example/#state=1&access_token=an.enriched.token
}
