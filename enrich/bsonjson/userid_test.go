package bsonjson_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

const (
	hexID  = "62efedca3587e6e83c0fc675"
	uuidID = "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"
)

// values returns user ids of documents, by a name for the tables below.
func values(t testing.TB) map[string]any {
	uuid := []byte{0x73, 0xff, 0xd2, 0x64, 0x44, 0xb3, 0x4c, 0x69, 0x90, 0xe8, 0xe7, 0xd1, 0xdf, 0xc0, 0x35, 0xd4}
	return map[string]any{
		"string 5": "5", "int32 5": int32(5), "int64 5": int64(5), "double 5": 5.0, "decimal 5": decimal(t, "5"),
		"decimal 50e-1": decimal(t, "50E-1"), "double 5.5": 5.5, "decimal 5e6000": decimal(t, "5E6000"),
		"string hex": hexID, "ObjectId": objectID(t, hexID), "string uuid": uuidID,
		"uuid": bson.Binary{Subtype: 4, Data: uuid}, "old uuid": bson.Binary{Subtype: 3, Data: uuid},
		"string 05": "05", "int32 -5": int32(-5), "null": nil, "bool": true, "object": bson.D{{Key: "f", Value: "5"}}, "empty string": "",
		"int64 2^53+1": int64(1<<53 + 1), "double 2^53": float64(1 << 53),
	}
}

func TestCandidates_MatchByTypeInOrderOfPreference(t *testing.T) {
	fives := []string{"decimal 5", "decimal 50e-1", "double 5", "int32 5", "int64 5"}
	tests := []struct {
		user enrich.User
		typ  bsonjson.UserIDType
		want [][]string // for each candidate, the values that it matches
	}{
		{enrich.User{ID: "5"}, bsonjson.AutoID, [][]string{{"string 5"}, fives}},
		{enrich.User{ID: "5"}, "", [][]string{{"string 5"}, fives}},
		{enrich.User{ID: "-5"}, bsonjson.AutoID, [][]string{nil, {"int32 -5"}}},
		{enrich.User{ID: "05"}, bsonjson.AutoID, [][]string{{"string 05"}}},
		{enrich.User{ID: "+5"}, bsonjson.AutoID, [][]string{nil}},
		{enrich.User{ID: "-0"}, bsonjson.AutoID, [][]string{nil}},
		{enrich.User{ID: "5.0"}, bsonjson.AutoID, [][]string{nil}},
		{enrich.User{ID: "5e0"}, bsonjson.AutoID, [][]string{nil}},
		{enrich.User{ID: " 5"}, bsonjson.AutoID, [][]string{nil}},
		{enrich.User{ID: "9007199254740993"}, bsonjson.AutoID, [][]string{nil, {"int64 2^53+1"}}},
		{enrich.User{ID: "9007199254740992"}, bsonjson.AutoID, [][]string{nil, {"double 2^53"}}},
		{enrich.User{ID: "9223372036854775807"}, bsonjson.AutoID, [][]string{nil, nil}},
		{enrich.User{ID: "9223372036854775808"}, bsonjson.AutoID, [][]string{nil}},
		{enrich.User{ID: "123456789012345678901234"}, bsonjson.AutoID, [][]string{nil, nil}}, // string and ObjectId
		{enrich.User{ID: "5"}, bsonjson.StringID, [][]string{{"string 5"}}},
		{enrich.User{ID: "5", Number: true}, bsonjson.AutoID, [][]string{fives}},
		{enrich.User{ID: "9007199254740993", Number: true}, bsonjson.AutoID, [][]string{{"int64 2^53+1"}}},
		{enrich.User{ID: "9007199254740992", Number: true}, bsonjson.AutoID, [][]string{{"double 2^53"}}},
		{enrich.User{ID: "18446744073709551616", Number: true}, bsonjson.AutoID, nil},
		{enrich.User{ID: hexID}, bsonjson.AutoID, [][]string{{"string hex"}, {"ObjectId"}}},
		{enrich.User{ID: uuidID}, bsonjson.AutoID, [][]string{{"string uuid"}}},
		{enrich.User{ID: hexID}, bsonjson.StringID, [][]string{{"string hex"}}},
		{enrich.User{ID: "5", Number: true}, bsonjson.StringID, [][]string{{"string 5"}}},
		{enrich.User{ID: hexID}, bsonjson.ObjectID, [][]string{{"ObjectId"}}},
		{enrich.User{ID: "5"}, bsonjson.ObjectID, nil},
		{enrich.User{ID: "5"}, bsonjson.IntID, [][]string{fives}},
		{enrich.User{ID: "5", Number: true}, bsonjson.IntID, [][]string{fives}},
		{enrich.User{ID: "05"}, bsonjson.IntID, nil},
		{enrich.User{ID: "+5"}, bsonjson.IntID, nil},
		{enrich.User{ID: "five"}, bsonjson.IntID, nil},
		{enrich.User{ID: uuidID}, bsonjson.UUID, [][]string{{"uuid"}}},
		{enrich.User{ID: "73FFD264-44B3-4C69-90E8-E7D1DFC035D4"}, bsonjson.UUID, [][]string{{"uuid"}}},
		{enrich.User{ID: "73ffd26444b34c6990e8e7d1dfc035d4"}, bsonjson.UUID, nil},
		{enrich.User{}, bsonjson.AutoID, nil},
		{enrich.User{}, bsonjson.StringID, nil},
	}
	field, err := bsonjson.NewField("f")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		ids := bsonjson.Candidates(tt.user, tt.typ)
		var got [][]string
		for _, id := range ids {
			var matches []string
			for name, value := range values(t) {
				if slices.Contains(field.UserIDs(marshal(t, bson.D{{Key: "f", Value: value}})), id) {
					matches = append(matches, name)
				}
			}
			slices.Sort(matches)
			got = append(got, matches)
		}
		if !slices.EqualFunc(got, tt.want, slices.Equal) {
			t.Errorf("Candidates(%q, number %v) with type %q match %q, want %q", tt.user.ID, tt.user.Number, tt.typ, got, tt.want)
		}
	}
}

// Law F3: an event of a document evicts every user whose lookup finds it.
func FuzzTags_NameEveryUserWhoFindsTheDocument(f *testing.F) {
	f.Add("5", int64(5), 5.0, byte(0))
	f.Add("-7", int64(-7), -7.0, byte(1))
	f.Add(hexID, int64(1<<53), float64(1<<53), byte(2))
	f.Add(uuidID, int64(0), 0.5, byte(3))
	field, err := bsonjson.NewField("f")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, n int64, x float64, digit byte) {
		digits := strings.Repeat(fmt.Sprintf("%02x", digit), 16)
		object, err := bson.ObjectIDFromHex(digits[:24])
		if err != nil {
			t.Fatal(err)
		}
		uuid := bson.Binary{Subtype: 4, Data: bytes.Repeat([]byte{digit}, 16)}
		doc := marshal(t, bson.D{{Key: "f", Value: bson.A{text, n, int32(n), x, object, uuid}}})
		tags, has := field.Tags(doc), field.UserIDs(doc)
		for _, id := range []string{
			text, fmt.Sprint(n), fmt.Sprint(int32(n)), strconv.FormatFloat(x, 'f', -1, 64), digits[:24], strings.ToUpper(digits[:24]),
			digits[:8] + "-" + digits[:4] + "-" + digits[:4] + "-" + digits[:4] + "-" + digits[:12],
		} {
			for _, typ := range []bsonjson.UserIDType{bsonjson.AutoID, bsonjson.StringID, bsonjson.ObjectID, bsonjson.IntID, bsonjson.UUID} {
				for _, number := range []bool{false, true} {
					found := slices.ContainsFunc(bsonjson.Candidates(enrich.User{ID: id, Number: number}, typ), func(id bsonjson.UserID) bool { return slices.Contains(has, id) })
					evicted := slices.ContainsFunc(tags, func(tag string) bool { return strings.EqualFold(tag, id) })
					if found && !evicted {
						t.Errorf("with type %s, %q (number %v) finds a document with the tags %q, want the id among them", typ, id, number, tags)
					}
				}
			}
		}
	})
}

// Law F7: two users never have a common candidate, unless their ids differ only in letter
// case.
func FuzzCandidates_KeepUsersApart(f *testing.F) {
	f.Add("62efedca3587e6e83c0fc675", "62EFEDCA3587e6e83c0fc675", false, false)
	f.Add("5", "05", true, false)
	f.Add("-0", "0", true, true)
	f.Add("7", "07", false, false)
	f.Add("7", "7.0", true, false)
	f.Add("d0849b7d-f5e0-4586-8ca1-224325530f21", "d0849b7df5e045868ca1224325530f21", false, false)
	f.Fuzz(func(t *testing.T, a, b string, aNumber, bNumber bool) {
		for _, typ := range []bsonjson.UserIDType{bsonjson.AutoID, bsonjson.StringID, bsonjson.ObjectID, bsonjson.IntID, bsonjson.UUID} {
			ids := bsonjson.Candidates(enrich.User{ID: b, Number: bNumber}, typ)
			for _, id := range bsonjson.Candidates(enrich.User{ID: a, Number: aNumber}, typ) {
				if slices.Contains(ids, id) && !strings.EqualFold(a, b) {
					t.Errorf("with type %s, %q and %q have a common candidate, want none", typ, a, b)
				}
			}
			if slices.Contains(ids, bsonjson.UserID{}) {
				t.Errorf("with type %s, %q has an empty candidate, want none", typ, b)
			}
		}
	})
}
