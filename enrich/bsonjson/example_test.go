package bsonjson_test

import (
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func Example() {
	// A document as MongoDB returns it; here it comes from Extended JSON.
	doc, err := bsonjson.Parse([]byte(`{"_id": {"$oid": "5f0000000000000000000001"}, "user": "ada", "plan": "pro", "secret": "s"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	mapping, err := bsonjson.NewMapping("user", bsonjson.AutoID, bsonjson.Plain, bsonjson.Projection{Exclude: []string{"secret"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	document, err := mapping.Document(doc)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(document.JSON))
	fmt.Println(mapping.Field().UserIDs(doc)[0] == mapping.Candidates(enrich.User{ID: "ada"})[0])
	// Output:
	// {"_id":"5f0000000000000000000001","user":"ada","plan":"pro"}
	// true
}
