package bencode

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	jackpal "github.com/jackpal/bencode-go"
)

// A RawMessage is a value that Marshal writes as it is, after a check that it
// is one strict value, and that Unmarshal copies unread. Never hash one that
// was unmarshaled within something else: the bytes that Scan was given are the
// original.
type RawMessage = jackpal.RawMessage

// A ShapeError says that a Go type cannot be converted, or not without a
// mistake. It is the program's fault, never the input's.
type ShapeError struct {
	Type   reflect.Type // that was given to Marshal or Unmarshal; nil for a nil interface
	Path   string       // to the part at fault, such as Files[].Hash; may be empty
	Reason string
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("bencode: Go type %v: %s", e.Type, strings.TrimPrefix(e.Path+": "+e.Reason, ": "))
}

// A shape is what we know of a Go type that passed the checks.
type shape struct {
	kind   Kind
	raw    bool         // RawMessage; kind is Invalid
	any    bool         // an interface: only the value can tell; kind is Invalid
	typ    reflect.Type // of integers and elements: for ranges and sizes
	elem   *shape       // of a list, or a dictionary that is a map
	fields []field      // of a dictionary that is a struct
	folded map[string]int
}

// A field is one of a struct's fields.
type field struct {
	key       string
	index     int // within the struct
	omitEmpty bool
	shape     *shape
}

// A compiler finds the shape of a type. The rules of the two directions differ.
type compiler struct {
	decode bool
	seen   map[reflect.Type]*shape // types may contain themselves
}

// shapes caches what compile returned: values are *shape or *ShapeError.
var shapes struct{ encode, decode sync.Map }

// shapeOf returns the shape of t, or a *ShapeError.
func shapeOf(t reflect.Type, decode bool) (*shape, error) {
	cache := &shapes.encode
	if decode {
		cache = &shapes.decode
	}
	found, ok := cache.Load(t)
	if !ok {
		c := compiler{decode: decode, seen: make(map[reflect.Type]*shape)}
		if s, err := c.compile(t, ""); err != nil {
			err.Type = t
			found = err
		} else {
			found = s
		}
		cache.Store(t, found)
	}
	if err, ok := found.(*ShapeError); ok {
		return nil, err
	}
	return found.(*shape), nil
}

func (c *compiler) compile(t reflect.Type, path string) (*shape, *ShapeError) {
	if s := c.seen[t]; s != nil {
		return s, nil
	}
	s := &shape{typ: t}
	c.seen[t] = s
	if t == reflect.TypeFor[RawMessage]() {
		s.raw = true
		return s, nil
	}
	switch t.Kind() {
	case reflect.String:
		s.kind = String
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.kind = Integer
	case reflect.Slice, reflect.Array:
		return s, c.compileList(s, path)
	case reflect.Map:
		return s, c.compileMap(s, path)
	case reflect.Struct:
		return s, c.compileStruct(s, path)
	case reflect.Interface:
		if c.decode {
			return nil, &ShapeError{Path: path, Reason: "nested values do not get into an interface; use RawMessage, or Scan"}
		}
		s.any = true
	default:
		return nil, &ShapeError{Path: path, Reason: fmt.Sprintf("bencode has nothing for %v", t)}
	}
	return s, nil
}

// compileList checks slices and arrays. Without it jackpal/bencode-go never fills a
// []byte from a string, and writes [20]byte as a compileList of twenty integers.
func (c *compiler) compileList(s *shape, path string) *ShapeError {
	s.kind = List
	elem := s.typ.Elem()
	if elem.Kind() == reflect.Uint8 {
		if !c.decode && s.typ == reflect.TypeFor[[]byte]() {
			s.kind = String
			return nil
		}
		return &ShapeError{Path: path, Reason: fmt.Sprintf("%v would not be a string of bencode; use string", s.typ)}
	}
	if c.decode && s.typ.Kind() == reflect.Array {
		return &ShapeError{Path: path, Reason: "a list may have any length; use a slice"}
	}
	var err *ShapeError
	s.elem, err = c.compile(elem, path+"[]")
	return err
}

// compileMap checks maps. When it decodes, jackpal/bencode-go panics on most map
// elements, or leaves them empty; it builds exactly these three types.
func (c *compiler) compileMap(s *shape, path string) *ShapeError {
	s.kind = Dict
	elem := s.typ.Elem()
	if s.typ.Key().Kind() != reflect.String {
		return &ShapeError{Path: path, Reason: "the keys of a map must be strings"}
	}
	if c.decode {
		if s.typ.Key() != reflect.TypeFor[string]() {
			return &ShapeError{Path: path, Reason: "the keys of a map must be of type string"}
		}
		switch elem {
		case reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[RawMessage]():
		default:
			return &ShapeError{Path: path, Reason: fmt.Sprintf("a map of %v cannot be filled; of string, int and RawMessage it can", elem)}
		}
	}
	var err *ShapeError
	s.elem, err = c.compile(elem, path+"[]")
	return err
}

// compileStruct checks structs. jackpal/bencode-go makes an embedded struct a
// dictionary under its type's name; finds fields by tag or name in any case,
// the first that fits; and lets the input set fields tagged "-".
func (c *compiler) compileStruct(s *shape, path string) *ShapeError {
	s.kind = Dict
	s.folded = make(map[string]int)
	keys := make(map[string]bool)
	for i := range s.typ.NumField() {
		f := s.typ.Field(i)
		if path != "" {
			f.Name = path + "." + f.Name
		}
		if f.Anonymous {
			return &ShapeError{Path: f.Name, Reason: "embedded structs are not merged; name the field"}
		}
		if !f.IsExported() {
			continue
		}
		key, omitEmpty, reason := parseTag(s.typ.Field(i))
		switch {
		case reason != "":
			return &ShapeError{Path: f.Name, Reason: reason}
		case key == "-" && c.decode:
			return &ShapeError{Path: f.Name, Reason: `the input could set it in spite of its tag "-"; do not export it`}
		case key == "-":
			continue
		case keys[key]:
			return &ShapeError{Path: f.Name, Reason: fmt.Sprintf("two fields have the key %q", key)}
		}
		keys[key] = true
		for _, name := range []string{strings.ToLower(key), strings.ToLower(s.typ.Field(i).Name)} {
			if other, taken := s.folded[name]; taken && other != len(s.fields) && c.decode {
				return &ShapeError{Path: f.Name, Reason: fmt.Sprintf("its key or name equals that of field %s but for case", s.typ.Field(s.fields[other].index).Name)}
			}
			s.folded[name] = len(s.fields)
		}
		elem, err := c.compile(f.Type, f.Name)
		if err != nil {
			return err
		}
		s.fields = append(s.fields, field{key: key, index: i, omitEmpty: omitEmpty, shape: elem})
	}
	if len(s.fields) == 0 && s.typ.NumField() > 0 {
		return &ShapeError{Path: path, Reason: fmt.Sprintf("%v has no field that can be read or written", s.typ)}
	}
	return nil
}

// parseTag reads a field's tag as jackpal/bencode-go does, and gives a reason
// where that would be a surprise.
func parseTag(f reflect.StructField) (key string, omitEmpty bool, reason string) {
	tag, ok := f.Tag.Lookup("bencode")
	if !ok {
		if f.Tag != "" && !strings.Contains(string(f.Tag), ":") {
			return "", false, `a tag must look like bencode:"key"`
		}
		return f.Name, false, ""
	}
	key, options, _ := strings.Cut(tag, ",")
	switch {
	case options != "" && options != "omitempty":
		return "", false, fmt.Sprintf("unknown option %q in its tag", options)
	case key == "" && tag != "":
		return "", false, "its tag has an option and no key"
	case key == "":
		key = f.Name
	}
	return key, options == "omitempty", ""
}
