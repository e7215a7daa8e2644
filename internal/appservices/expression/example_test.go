package expression_test

import (
	"context"
	"fmt"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

func ExampleExpression_Eval() {
	e, err := expression.Parse([]byte(`{"%%user.custom_data.primaryLanguage": "English"}`), expression.Scope{})
	if err != nil {
		fmt.Println(err)
		return
	}
	user, _ := expression.NewUser([]byte(`{"id": "anna", "custom_data": {"primaryLanguage": "English"}}`))
	fmt.Println(e.Eval(context.Background(), &expression.Env{User: user}))
	// Output: true <nil>
}

func ExampleExpression_Filter() {
	e, _ := expression.Parse([]byte(`{"owner": "%%user.id", "draft": {"$ne": true}}`), expression.Scope{Document: true})
	user, _ := expression.NewUser([]byte(`{"id": "anna"}`))
	filter, _ := e.Filter(&expression.Env{User: user})
	text, _ := filter.JSON()
	fmt.Println(string(text))
	// Output: {"owner":{"$eq":"anna"}}
}

func ExampleParse_faults() {
	_, err := expression.Parse([]byte(`{"%%user.id": {"$where": "true"}, "%%usr": 1}`), expression.Scope{})
	for _, fault := range err.(expression.Faults) {
		fmt.Println(fault.Offset, fault.Path)
	}
	// Output:
	// 15 "%%user.id"."$where"
	// 34 "%%usr"
}

func ExampleParseText() {
	text, _ := expression.ParseText("%%user.custom_data.primaryLanguage", expression.Scope{})
	user := bsonvalue.NewDocument(bsonvalue.Member{Name: "custom_data", Value: bsonvalue.NewDocument(
		bsonvalue.Member{Name: "primaryLanguage", Value: bsonvalue.NewString("English")})})
	v, _ := text.Value(&expression.Env{User: user})
	language, _ := v.Text()
	fmt.Println(language)
	// Output: English
}
