package wiretest

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// answer returns a member's answer to a command. Only change streams wait.
func (s *Server) answer(command bson.D, member int) bson.D {
	name := command[0].Key
	refusal, before := s.record(name)
	if refusal.code != 0 {
		time.Sleep(time.Millisecond)
		return fault(refusal.code, refusal.name, refusal.labels...)
	}
	answer := s.carryOut(name, command, member)
	if before != nil {
		before()
	}
	return answer
}

// record counts a command, and returns what the test has set for it.
func (s *Server) record(name string) (refusal, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[name]++
	before := s.on[name]
	delete(s.on, name)
	return s.refusals[name], before
}

func (s *Server) carryOut(name string, command bson.D, member int) bson.D {
	if refused := s.refuses(command); refused != nil {
		return refused
	}
	switch name {
	case "hello", "isMaster", "ismaster":
		return s.hello(member)
	case "ping", "endSessions":
		return okay()
	case "find":
		return s.find(command)
	case "aggregate":
		return s.aggregate(command)
	case "getMore":
		s.waitWhilePaused()
		return s.getMore(command)
	case "killCursors":
		return s.killCursors(command)
	case "insert":
		return s.insert(command)
	case "commitTransaction", "abortTransaction":
		return s.end(command, name == "commitTransaction")
	}
	return fault(59, "CommandNotFound")
}

func okay(with ...bson.E) bson.D { return append(with, bson.E{Key: "ok", Value: 1}) }

// fault is the answer to a command that fails. Its message contains a user id, which
// our errors must not repeat.
func fault(code int32, name string, labels ...string) bson.D {
	answer := bson.D{
		{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "codeName", Value: name},
		{Key: "errmsg", Value: "it was about secret-user"},
	}
	if labels != nil {
		answer = append(answer, bson.E{Key: "errorLabels", Value: labels})
	}
	return answer
}

// hello describes the member.
func (s *Server) hello(member int) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	election := bson.ObjectID{0: 0x7f, 11: s.elections}
	answer := okay(
		bson.E{Key: "isWritablePrimary", Value: member == s.primary},
		bson.E{Key: "secondary", Value: member != s.primary},
		bson.E{Key: "setName", Value: "rs"},
		bson.E{Key: "setVersion", Value: int32(1)},
		bson.E{Key: "hosts", Value: members},
		bson.E{Key: "me", Value: members[member]},
		bson.E{Key: "primary", Value: members[s.primary]},
		bson.E{Key: "minWireVersion", Value: int32(0)},
		bson.E{Key: "maxWireVersion", Value: int32(21)},
		bson.E{Key: "maxBsonObjectSize", Value: int32(16 << 20)},
		bson.E{Key: "maxMessageSizeBytes", Value: int32(48 << 20)},
		bson.E{Key: "maxWriteBatchSize", Value: int32(100000)},
		bson.E{Key: "logicalSessionTimeoutMinutes", Value: int32(30)},
	)
	if member == s.primary {
		answer = append(answer, bson.E{Key: "electionId", Value: election})
	}
	return answer
}

// find answers queries for a path that equals one value, or one of several.
func (s *Server) find(command bson.D) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	filter, _ := get(command, "filter").(bson.D)
	anyCase := s.anyCase && get(command, "collation") == nil
	found := bson.A{}
	for _, doc := range s.docs {
		if slices.ContainsFunc(filter, func(e bson.E) bool { return !equals(reach(doc, e.Key), e.Value, anyCase) }) {
			continue
		}
		// A projection that excludes fields is ignored. Only lists of fields to include
		// are supported.
		if projection, ok := get(command, "projection").(bson.D); ok && number(projection[0].Value) == int64(1) {
			doc = include(doc, projection)
		}
		found = append(found, doc)
	}
	if id, ok := get(filter, "_id").(string); ok && s.generate != nil {
		if document := s.generate(id); document != "" {
			found = append(found, parse(document))
		}
	}
	return okay(bson.E{Key: "cursor", Value: bson.D{
		{Key: "id", Value: int64(0)}, {Key: "ns", Value: namespace(command)}, {Key: "firstBatch", Value: found},
	}})
}

// equals reports whether one of the values at a path is wanted.
func equals(values []any, wanted any, anyCase bool) bool {
	wants := []any{wanted}
	if in, ok := wanted.(bson.D); ok && len(in) == 1 && in[0].Key == "$in" {
		wants = in[0].Value.(bson.A)
	}
	return slices.ContainsFunc(values, func(v any) bool {
		return slices.ContainsFunc(wants, func(want any) bool {
			return reflect.DeepEqual(number(v), number(want)) || anyCase && equalFold(v, want)
		})
	})
}

// equalFold reports whether two values are strings that differ at most in letter case.
func equalFold(v, want any) bool {
	a, isText := v.(string)
	b, wantText := want.(string)
	return isText && wantText && strings.EqualFold(a, b)
}

// number converts whole numbers to one type, so that equal ones compare as equal.
func number(v any) any {
	switch n := v.(type) {
	case int32:
		return int64(n)
	case float64:
		return int64(n)
	}
	return v
}

// namespace returns the collection of a command in the form of a cursor's ns.
func namespace(command bson.D) string {
	database, _ := get(command, "$db").(string)
	collection, _ := command[0].Value.(string)
	return database + "." + collection
}
