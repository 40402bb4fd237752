package bencode

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type entry struct {
	Length int64    `bencode:"length"`
	Path   []string `bencode:"path"`
}

type metafile struct {
	Announce string     `bencode:"announce"`
	Tiers    [][]string `bencode:"announce-list,omitempty"`
	Info     RawMessage `bencode:"info"`
	Created  uint32     `bencode:"creation date,omitempty"`
	Files    []entry    `bencode:"files,omitempty"`
	Extra    map[string]RawMessage
	Counts   map[string]int    `bencode:"m"`
	Names    map[string]string `bencode:"n"`
	Nested   entry             `bencode:"x"`
	hidden   int
}

func TestUnmarshal(t *testing.T) {
	const in = "d5:Extrad1:ali1e0:e1:b1:be8:announce3:url13:announce-listll1:a1:bel1:cee" +
		"13:creation datei4294967295e5:filesld6:lengthi7e4:pathl3:foo3:baree" +
		"d6:lengthi-1eee4:infod6:pieces3:\x00e:e1:md1:ki5ee1:nd1:k1:ve7:unknownli1ed1:xdeee1:xd6:lengthi9eee"
	got := metafile{Announce: "before", hidden: 1, Files: make([]entry, 3)}
	require.NoError(t, Unmarshal([]byte(in), &got))
	want := metafile{
		Announce: "url",
		Tiers:    [][]string{{"a", "b"}, {"c"}},
		Info:     RawMessage("d6:pieces3:\x00e:e"),
		Created:  1<<32 - 1,
		Files:    []entry{{7, []string{"foo", "bar"}}, {Length: -1}},
		Extra:    map[string]RawMessage{"a": RawMessage("li1e0:e"), "b": RawMessage("1:b")},
		Counts:   map[string]int{"k": 5},
		Names:    map[string]string{"k": "v"},
		Nested:   entry{Length: 9},
	}
	require.Equal(t, want, got)

	out, err := Marshal(&want)
	require.NoError(t, err)
	var again metafile
	require.NoError(t, Unmarshal(out, &again))
	want.Files[1].Path = []string{} // a nil slice is encoded as an empty list
	want.Nested.Path = []string{}
	require.Equal(t, want, again)
}

func TestUnmarshalAtTheTop(t *testing.T) {
	var i int8
	require.NoError(t, Unmarshal([]byte("i-128e"), &i))
	require.EqualValues(t, -128, i)
	var u uint64
	require.NoError(t, Unmarshal([]byte("i9223372036854775807e"), &u))
	require.Equal(t, uint64(1<<63-1), u)
	type name string
	var s name
	require.NoError(t, Unmarshal([]byte("3:abc"), &s))
	require.EqualValues(t, "abc", s)
	var l [][]name
	require.NoError(t, Unmarshal([]byte("ll1:aelee"), &l))
	require.Equal(t, [][]name{{"a"}, {}}, l)
	var many []int
	require.NoError(t, Unmarshal([]byte("l"+strings.Repeat("i7e", 1000)+"e"), &many))
	require.Len(t, many, 1000)
	var raw RawMessage
	require.NoError(t, Unmarshal([]byte("d1:ai1ee"), &raw))
	require.Equal(t, "d1:ai1ee", string(raw))
	var m []map[string]int
	require.NoError(t, Unmarshal([]byte("ld1:ai1eedee"), &m))
	require.Equal(t, []map[string]int{{"a": 1}, {}}, m)
}

// With these types jackpal/bencode-go v1.2.0 alone panics, or ignores a mistake.
func TestUnmarshalRefusesShapes(t *testing.T) {
	type embedded struct {
		entry
		X int
	}
	type Embedded struct {
		Entry entry
		error
	}
	for _, test := range []struct {
		v    any
		path string
	}{
		{new(struct{ A *entry }), "A"},
		{new(map[string][]int), ""},
		{new(map[string]any), ""},
		{new(map[string]int64), ""},
		{new(map[string]entry), ""},
		{new(map[string]map[string]int), ""},
		{new(map[Kind]string), ""},
		{new(map[int]string), ""},
		{new(struct{ Peers []byte }), "Peers"},
		{new(struct{ Hash [20]byte }), "Hash"},
		{new(struct{ List [3]int }), "List"},
		{new(struct{ Hash []Kind }), "Hash"},
		{new(struct{ F []struct{ H [20]byte } }), "F[].H"},
		{new(struct{ A any }), "A"},
		{new(any), ""},
		{new(bool), ""},
		{new(struct{ F float64 }), "F"},
		{new(struct{ C chan int }), "C"},
		{new(struct{ P uintptr }), "P"},
		{new(embedded), "entry"},
		{new(Embedded), "error"},
		{new(struct {
			A int `bencode:"-"`
		}), "A"},
		{new(struct {
			A int `bencode:"x"`
			B int `bencode:"x"`
		}), "B"},
		{new(struct {
			A int `bencode:"x"`
			B int `bencode:"X"`
		}), "B"},
		{new(struct {
			Name int `bencode:"x"`
			B    int `bencode:"name"`
		}), "B"},
		{new(struct {
			A int `bencode:",omitempty"`
		}), "A"},
		{new(struct {
			A int `bencode:"a,string"`
		}), "A"},
		{new(struct{ a int }), ""},
		{entry{}, ""},
		{(*entry)(nil), ""},
		{nil, ""},
	} {
		t.Run(fmt.Sprintf("%T", test.v), func(t *testing.T) {
			for range 2 { // the second time from the cache
				err := Unmarshal([]byte("de"), test.v)
				var shape *ShapeError
				require.ErrorAs(t, err, &shape)
				require.Equal(t, test.path, shape.Path)
				require.Contains(t, err.Error(), "bencode: Go type ")
				require.NotContains(t, err.Error(), ": :")
			}
		})
	}
	old := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int](), Tag: "key"}}))
	require.ErrorAs(t, Unmarshal([]byte("de"), old.Interface()), new(*ShapeError))
}

func TestUnmarshalOfRecursiveTypes(t *testing.T) {
	type tree struct {
		Name     string `bencode:"name"`
		Children []tree `bencode:"children"`
	}
	var got tree
	require.NoError(t, Unmarshal([]byte("d8:childrenld4:name1:aeee"), &got))
	require.Equal(t, tree{Children: []tree{{Name: "a"}}}, got)
}

func TestUnmarshalRefusesInput(t *testing.T) {
	type small struct {
		A int8     `bencode:"a"`
		B uint16   `bencode:"b"`
		C string   `bencode:"c"`
		F []entry  `bencode:"files"`
		D []string `bencode:"created by"`
	}
	for _, test := range []struct {
		in   string
		want error
	}{
		{"de ", &SyntaxError{2, TrailingData}},
		{"d1:bi1e1:ai1ee", &SyntaxError{7, KeyUnsorted}},
		{"d1:ai01ee", &SyntaxError{4, IntZeroPadded}},
		{"le", &TypeError{Want: Dict, Got: List}},
		{"d1:a1:xe", &TypeError{Key: "a", Want: Integer, Got: String}},
		{"d1:cdee", &TypeError{Key: "c", Want: String, Got: Dict}},
		{"d5:filesldeded4:pathl1:aleeeee", &TypeError{Key: "files[2].path[1]", Want: String, Got: List}},
		{"d1:ai128ee", &RangeError{"a", 128, reflect.TypeFor[int8]()}},
		{"d1:ai-129ee", &RangeError{"a", -129, reflect.TypeFor[int8]()}},
		{"d1:bi-1ee", &RangeError{"b", -1, reflect.TypeFor[uint16]()}},
		{"d1:bi65536ee", &RangeError{"b", 65536, reflect.TypeFor[uint16]()}},
		{"d1:Ai1ee", &KeyError{"A", "a"}},
		{"d5:FILESlee", &KeyError{"FILES", "files"}},
		{"d10:CREATED BYlee", &KeyError{"CREATED BY", "created by"}},
		{"d1:Dlee", &KeyError{"D", "created by"}},
		{"d1:flee", &KeyError{"f", "files"}},
		{"d5:filesld4:PATHleeee", &KeyError{"files[0].PATH", "path"}},
	} {
		t.Run(test.in, func(t *testing.T) {
			got := small{A: 7}
			require.Equal(t, test.want, Unmarshal([]byte(test.in), &got))
			require.Equal(t, small{A: 7}, got)
			require.True(t, strings.HasPrefix(test.want.Error(), "bencode: "), test.want.Error())
		})
	}
}

func TestUnmarshalBoundsMemory(t *testing.T) {
	costly := &SyntaxError{Reason: TooCostly}
	lists := []byte("l" + strings.Repeat("le", 1<<20) + "e")
	require.Equal(t, costly, Unmarshal(lists, new([][]string)))
	require.NoError(t, Unmarshal(lists, new(RawMessage)))
	dicts := []byte("l" + strings.Repeat("de", 1<<20) + "e")
	require.Equal(t, costly, Unmarshal(dicts, new([]metafile)))
	deep := []byte(strings.Repeat("l", 99) + "4000000:" + strings.Repeat("x", 4e6) + strings.Repeat("e", 99))
	require.Equal(t, costly, Unmarshal(deep, new(RawMessage)))
	require.Equal(t, costly, Unmarshal([]byte("d1:A"+string(deep)+"e"), new(struct{ A RawMessage })))
	require.NoError(t, Unmarshal([]byte("d1:B"+string(deep)+"e"), new(struct{ A RawMessage })))
	require.NoError(t, Unmarshal(file(), new(metafile)))
}

func TestMarshalRefuses(t *testing.T) {
	loop := make([]any, 1)
	loop[0] = loop
	type list []list
	knot := make(list, 1)
	knot[0] = knot
	for i, v := range []any{
		nil,
		(*entry)(nil),
		new(*entry),
		true,
		1.5,
		[20]byte{},
		[]Kind{1},
		struct{ A *int }{},
		struct{ A [20]byte }{},
		struct{ entry }{},
		struct{ a int }{},
		struct {
			A int `bencode:"x"`
			B int `bencode:"x"`
		}{},
		map[int]string{},
		uint64(1 << 63),
		[]any{nil},
		[]any{1, true},
		map[string]any{"a": &entry{}},
		loop,
		knot,
		RawMessage(nil),
		RawMessage("i1ei2e"),
		RawMessage("dlei1ee"),
		struct{ A, B RawMessage }{}, // would be encoded as one key with the other as its value
		map[string]RawMessage{"a": nil, "b": nil},
		metafile{},
	} {
		out, err := Marshal(v)
		var shape *ShapeError
		require.ErrorAs(t, err, &shape, "%d: %T", i, v)
		require.Nil(t, out)
	}
}

func TestMarshal(t *testing.T) {
	type key string
	for _, test := range []struct {
		v    any
		want string
	}{
		{7, "i7e"},
		{uint8(255), "i255e"},
		{uint64(1<<63 - 1), "i9223372036854775807e"},
		{"a\x00", "2:a\x00"},
		{[]byte("bytes"), "5:bytes"},
		{[]byte(nil), "0:"},
		{[2]int{1, 2}, "li1ei2ee"},
		{[]string(nil), "le"},
		{map[key]any{"b": 1, "a": []any{"x", []byte("y")}, "c": nil, "\xff": map[string]int{}}, "d1:al1:x1:ye1:bi1e1:\xffdee"},
		{&entry{Length: 1, Path: []string{"p"}}, "d6:lengthi1e4:pathl1:pee"},
		{struct{}{}, "de"},
		{struct {
			B int `bencode:"b,omitempty"`
			A string
			R RawMessage     `bencode:"r,omitempty"`
			M map[string]int `bencode:"m,omitempty"`
			S struct{}       `bencode:"s,omitempty"`
			X func()         `bencode:"-"`
			y int
		}{}, "d1:A0:1:sdee"},
		{struct{ A, B RawMessage }{RawMessage("i1e"), RawMessage("le")}, "d1:Ai1e1:Blee"},
	} {
		got, err := Marshal(test.v)
		require.NoError(t, err, "%#v", test.v)
		require.Equal(t, test.want, string(got))
	}
}

func TestErrorTexts(t *testing.T) {
	for _, err := range []error{
		&ShapeError{Type: reflect.TypeFor[int](), Reason: "r"},
		&KeyError{}, &RangeError{}, &TypeError{}, &MissingError{}, &SyntaxError{},
	} {
		require.True(t, strings.HasPrefix(err.Error(), "bencode: "))
		require.False(t, errors.Is(err, errNodeNil))
	}
}
