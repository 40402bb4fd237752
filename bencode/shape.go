package bencode

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	jackpal "github.com/jackpal/bencode-go"
)

// A RawMessage is an encoded value. Marshal writes it unchanged, after a check that it is
// one strict value, and Unmarshal copies it undecoded. Do not hash a RawMessage that
// Unmarshal filled as part of another value: only the bytes in the input are the original.
type RawMessage = jackpal.RawMessage

// A ShapeError means that a Go value cannot be converted correctly because of its type or
// its contents. It is a mistake in the program, never in the input.
type ShapeError struct {
	Type   reflect.Type // the type given to Marshal or Unmarshal; nil for a nil interface
	Path   string       // the path to the unsuitable part, such as Files[].Hash; may be empty
	Reason string
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("bencode: Go type %v: %s", e.Type, strings.TrimPrefix(e.Path+": "+e.Reason, ": "))
}

// A shape describes a Go type that passed the checks.
type shape struct {
	kind   Kind
	raw    bool           // RawMessage; kind is Invalid
	any    bool           // an interface: its value has the shape; kind is Invalid
	typ    reflect.Type   // gives the range of an integer and the size of an element
	elem   *shape         // of a list, or a dictionary that is a map
	fields []field        // of a dictionary that is a struct
	folded map[string]int // the index in fields by lower-case key and lower-case name
}

// A field is one of a struct's fields.
type field struct {
	key       string
	index     int // within the struct
	omitEmpty bool
	shape     *shape
}

// A compiler computes the shape of a type. Encoding and decoding have different rules.
type compiler struct {
	decode bool
	seen   map[reflect.Type]*shape // because a type may contain itself
}

// shapes caches what compile returned. The values are *shape or *ShapeError.
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

// compile returns the shape of t, or why there is none. path is the path to t.
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
			return nil, &ShapeError{Path: path, Reason: "an interface cannot hold nested values; use RawMessage, or Scan"}
		}
		s.any = true
	default:
		return nil, &ShapeError{Path: path, Reason: fmt.Sprintf("bencode has no kind for %v; use a string or an integer", t)}
	}
	return s, nil
}

// compileList checks slices and arrays. Otherwise jackpal/bencode-go would not decode a
// string into a []byte, and would encode [20]byte as a list of twenty integers.
func (c *compiler) compileList(s *shape, path string) *ShapeError {
	s.kind = List
	elem := s.typ.Elem()
	if elem.Kind() == reflect.Uint8 {
		if !c.decode && s.typ == reflect.TypeFor[[]byte]() {
			s.kind = String
			return nil
		}
		return &ShapeError{Path: path, Reason: fmt.Sprintf("%v would not become a string; use string", s.typ)}
	}
	if c.decode && s.typ.Kind() == reflect.Array {
		return &ShapeError{Path: path, Reason: "a list may have any length and an array may not; use a slice"}
	}
	var err *ShapeError
	s.elem, err = c.compile(elem, path+"[]")
	return err
}

// compileMap checks maps. For most types of elements jackpal/bencode-go panics when it
// decodes, or leaves them empty; three types work.
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
			return &ShapeError{Path: path, Reason: fmt.Sprintf("a map of %v cannot be filled; use one of string, int or RawMessage", elem)}
		}
	}
	var err *ShapeError
	s.elem, err = c.compile(elem, path+"[]")
	return err
}

// compileStruct checks structs. jackpal/bencode-go encodes an embedded struct as a
// dictionary under its type's name, decodes into the first field whose tag or name
// matches in any case, and lets the input set fields with the tag "-".
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
			return &ShapeError{Path: f.Name, Reason: "embedded structs are not merged; give the field a name"}
		}
		if !f.IsExported() {
			continue
		}
		key, omitEmpty, reason := parseTag(s.typ.Field(i))
		switch {
		case reason != "":
			return &ShapeError{Path: f.Name, Reason: reason}
		case key == "-" && c.decode:
			return &ShapeError{Path: f.Name, Reason: `the input could set the field despite its tag "-"; do not export it`}
		case key == "-":
			continue
		case keys[key]:
			return &ShapeError{Path: f.Name, Reason: fmt.Sprintf("two fields have the key %q; rename one", key)}
		}
		keys[key] = true
		for _, name := range []string{strings.ToLower(key), strings.ToLower(s.typ.Field(i).Name)} {
			if other, taken := s.folded[name]; taken && other != len(s.fields) && c.decode {
				return &ShapeError{Path: f.Name, Reason: fmt.Sprintf("its key or name differs only in case from that of field %s; rename one", s.typ.Field(s.fields[other].index).Name)}
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
		return &ShapeError{Path: path, Reason: fmt.Sprintf("%v has no exported field; export one", s.typ)}
	}
	return nil
}

// parseTag parses a field's tag as jackpal/bencode-go does. It returns a reason if the tag
// would have an unexpected effect.
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
		return "", false, fmt.Sprintf("its tag has the unknown option %q", options)
	case key == "" && tag != "":
		return "", false, "its tag has an option but no key"
	case key == "":
		key = f.Name
	}
	return key, options == "omitempty", ""
}
