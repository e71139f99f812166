"""Data of sgdisk."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "A:a:b:B:c:Cd:DeEfFgGh:i:Ij:l:Lm:n:N:oOpPr:R:sS:t:T:u:U:vVzZ?",
    "attributes= set-alignment= backup= byte-swap-name= change-name= recompute-chs delete= display-alignment "
    "move-second-header end-of-largest first-in-largest first-aligned-in-largest mbrtogpt randomize-guids hybrid= "
    "info= align-end move-main-table= load-backup= list-types gpttombr= new= largest-new= clear print-mbr print "
    "pretend transpose= replicate= sort resize-table= typecode= transform-bsd= partition-guid= disk-guid= verify "
    "version zap zap-all help usage",
    exact=True,
    shows=["-?/--help", "-V/--version", "--usage"],
    # What `acts` has is done where they stand.
    tries=["-P/--pretend"],
    acts=["-z", "--zap", "-Z", "--zap-all", "-R", "--replicate", "-b", "--backup"],
)
