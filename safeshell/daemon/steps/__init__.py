"""A request's way through the daemon: its steps, in order, and the drivers that take it along them.

A step takes the request, and says where it goes on: at the next step, at another one by name, later at this one, or
nowhere. A request that waits remembers its step; whoever it waits for calls `Driver.resume`. Up to `finish` a failure
is the request's: it is refused, and what runs for it ended. After `finish` nothing touches the command.

| step | what it sets |
|---|---|
| receive | the command, once the request is whole |
| envelope | the line that an agent's hook asks about, and where it would run |
| borrow | descriptors of a client that can't pass any |
| locate | the directory, what the command really runs, and which repository's rules apply |
| refresh | nothing, once the tables are as their sources; else it waits for their compilation |
| decide | the decision |
| act | what a decision leads to: a refusal, a wait for a person, another command |
| place | who runs it |
| find | the program |
| spawn | the child, where the daemon runs it |
| finish | the answer |
| record | counts, the journal, and what the fast path keeps |
"""

GO_ON, WAIT, END = "", "wait", "end"
"""What a step says: the next one; this one again, later; none. Any other word is the name of the next step."""

STOPS = (WAIT, END)
