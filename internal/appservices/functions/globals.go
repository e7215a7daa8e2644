package functions

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// installGlobals installs the globals of App Services.
func (c *call) installGlobals(request Call) error {
	c.vm.SetMaxCallStackSize(maxFrames)
	c.vm.SetPromiseRejectionTracker(c.track)
	if err := c.guard(); err != nil {
		return err
	}
	if err := c.installIntl(); err != nil {
		return err
	}
	var err error
	if c.types, err = c.newTypes(); err != nil {
		return err
	}
	c.set(c.vm.GlobalObject(), "BSON", c.types.bson)
	c.set(c.vm.GlobalObject(), "EJSON", c.newEJSON())
	c.set(c.vm.GlobalObject(), "utils", c.newUtils())
	c.set(c.vm.GlobalObject(), "console", c.newConsole())
	c.set(c.vm.GlobalObject(), "setTimeout", c.setTimeout)
	context, err := c.newContext(request)
	if err != nil {
		return err
	}
	c.set(c.vm.GlobalObject(), "context", context)
	return nil
}

func (c *call) newContext(request Call) (*goja.Object, error) {
	object := c.vm.NewObject()
	user := request.User
	if user == nil {
		user = json.RawMessage(`{"type":"system","data":{},"custom_data":{},"identities":[]}`)
	}
	if request.Request == nil {
		request.Request = json.RawMessage("{}")
	}
	for name, text := range map[string]json.RawMessage{"user": user, "request": request.Request, "app": c.App} {
		value, err := c.read(text)
		if err != nil {
			return nil, err
		}
		c.set(object, name, value)
	}
	services, err := c.newServices()
	if err != nil {
		return nil, err
	}
	c.set(object, "services", services)
	c.set(object, "values", c.newValues(c.Values))
	c.set(object, "environment", c.newEnvironment())
	c.set(object, "functions", c.newFunctions())
	c.set(object, "http", c.newHTTP())
	c.set(object, "runningAsSystem", func() bool { return request.System })
	return object, nil
}

func (c *call) newFunctions() *goja.Object {
	object := c.vm.NewObject()
	c.set(object, "execute", func(call goja.FunctionCall) goja.Value {
		return c.execute(call.Argument(0).String(), call.Arguments[min(1, len(call.Arguments)):])
	})
	return object
}

// newServices returns context.services. All names of the database return the same
// client.
func (c *call) newServices() (*goja.Object, error) {
	object := c.vm.NewObject()
	f, err := c.builtin(mongodbProgram)
	if err != nil {
		return nil, err
	}
	client, err := f(nil, c.vm.ToValue(c.command), c.types.bson, c.vm.ToValue(c.refused), c.vm.ToValue(c.transact))
	if err != nil {
		return nil, err
	}
	c.set(object, "get", func(name string) goja.Value {
		if !c.HasDatabase || !slices.Contains(c.Services, name) {
			return goja.Undefined()
		}
		return client
	})
	return object, nil
}

// command runs one MongoDB command, in a transaction unless that is 0:
// command(database, {…}, transaction).
func (c *call) command(request goja.FunctionCall) goja.Value {
	database := request.Argument(0).String()
	command := c.write(request.Argument(1))
	transaction := request.Argument(2).ToInteger()
	c.count(len(command))
	return c.ask(func(ctx context.Context) ([]byte, error) {
		return c.host.command(ctx, c.function, database, command, transaction)
	})
}

// transact begins, commits or aborts a transaction: transact(step, transaction).
func (c *call) transact(request goja.FunctionCall) goja.Value {
	s, transaction := step(request.Argument(0).String()), request.Argument(1).ToInteger()
	return c.ask(func(ctx context.Context) ([]byte, error) {
		return c.host.step(ctx, c.function, s, transaction)
	})
}

// ask starts an operation of the database and returns the promise of its reply.
func (c *call) ask(operation func(context.Context) ([]byte, error)) goja.Value {
	return c.begin(func(ctx context.Context) func() goja.Value {
		reply, err := operation(ctx)
		return func() goja.Value {
			if err != nil {
				c.unanswered = true
				c.fail(err.Error())
			}
			return c.received(reply)
		}
	})
}

// received returns the value of a reply, and counts its bytes.
func (c *call) received(text []byte) goja.Value {
	c.count(len(text))
	t, err := parse(text)
	if err != nil {
		c.fail(err.Error())
	}
	return c.value(t)
}

// refused records the error of a command that MongoDB refused, before it is thrown.
// transient means that the same command can succeed later.
func (c *call) refused(err *goja.Object, transient bool) {
	c.failures[err] = true
	c.unanswered = c.unanswered || transient
	c.duplicate = c.duplicate || codeOf(err) == duplicateKey
}

// newValues returns context.values. A value is parsed when a function asks for it.
func (c *call) newValues(values map[string]json.RawMessage) *goja.Object {
	object := c.vm.NewObject()
	c.set(object, "get", func(name string) goja.Value {
		text, ok := values[name]
		if !ok {
			return goja.Undefined()
		}
		t, _ := parse(text) // Open has checked it
		return c.value(t)
	})
	return object
}

func (c *call) newEnvironment() *goja.Object {
	object, values := c.vm.NewObject(), c.vm.NewObject()
	for name, text := range c.Environment {
		t, _ := parse(text) // Open has checked it
		c.set(values, name, c.value(t))
	}
	c.set(object, "tag", c.Tag)
	c.set(object, "values", values)
	return object
}

// newEJSON returns EJSON. As in App Services it writes canonical Extended JSON, in
// one line.
func (c *call) newEJSON() *goja.Object {
	object := c.vm.NewObject()
	c.set(object, "stringify", func(request goja.FunctionCall) goja.Value {
		return c.vm.ToValue(string(c.write(request.Argument(0))))
	})
	c.set(object, "parse", func(request goja.FunctionCall) goja.Value {
		t, err := parse([]byte(request.Argument(0).String()))
		if err != nil {
			c.throw("EJSON.parse: " + err.Error())
		}
		return c.value(t)
	})
	return object
}

const maxLine = 2 << 10 // bytes of one line of the console

// newConsole returns console. All its methods log at debug level, because the text
// may contain users' data and secrets.
func (c *call) newConsole() *goja.Object {
	object := c.vm.NewObject()
	for _, level := range []string{"log", "info", "warn", "error", "debug"} {
		c.set(object, level, func(request goja.FunctionCall) goja.Value {
			if c.log.Enabled(c.out, slog.LevelDebug) {
				c.log.LogAttrs(c.out, slog.LevelDebug, "console", slog.String("function", c.function),
					slog.String("method", level), slog.String("text", c.line(request.Arguments)))
			}
			return goja.Undefined()
		})
	}
	return object
}

func (c *call) line(args []goja.Value) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = cut(c.word(arg), maxLine)
	}
	return cut(strings.Join(words, " "), maxLine)
}

// word returns the text of a value. As in App Services, an object becomes Extended
// JSON.
func (c *call) word(v goja.Value) string {
	object, ok := v.(*goja.Object)
	if !ok || object.ClassName() == "Error" || object.ClassName() == "Function" || object.ExportType() == promiseType {
		return v.String()
	}
	return string(c.write(v))
}

// setTimeout is the global setTimeout. There is no clearTimeout: a call waits for its
// timers.
func (c *call) setTimeout(request goja.FunctionCall) goja.Value {
	f, ok := goja.AssertFunction(request.Argument(0))
	if !ok {
		c.typeError("setTimeout needs a function")
	}
	delay := time.Duration(min(max(request.Argument(1).ToInteger(), 0), MaxTimeout.Milliseconds())) * time.Millisecond
	var args []goja.Value
	if len(request.Arguments) > 2 {
		args = slices.Clone(request.Arguments[2:])
	}
	c.begin(func(ctx context.Context) func() goja.Value {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
		return func() goja.Value {
			value, err := f(goja.Undefined(), args...)
			if err != nil {
				panic(err)
			}
			return value
		}
	})
	return goja.Undefined()
}
