package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// leaf7 writes a function that asks the processor for features.
func leaf7() {
	TEXT("leaf7", attr.NOSPLIT, "func() (ebx uint32)")
	Doc("leaf7 returns what CPUID says in EBX about leaf 7, or 0 if there is no such leaf.")
	XORL(reg.EAX, reg.EAX)
	CPUID()
	XORL(reg.EBX, reg.EBX)
	CMPL(reg.EAX, Imm(7))
	JB(LabelRef("end"))
	MOVL(U32(7), reg.EAX)
	XORL(reg.ECX, reg.ECX)
	CPUID()
	Label("end")
	Store(reg.EBX, ReturnIndex(0))
	RET()
}
