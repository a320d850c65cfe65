"""The sentences of the scripted model; some are not ASCII, so that every reply tries out UTF-8.

Rule: no reply is made of anything else, save what the user said and the tools gave back. Neighbour: `script`,
which picks and fills in.
"""

LEAD_INS = (
    "Let me look that up.",
    "One moment, I have a tool for that.",
    "I would rather check than guess.",
)
RESULTS = {
    "calculate": "“{expression}” comes to {result}.",
    "get_time": "The clock for {zone} → {result}.",
    "recall": "Going back through this session for what you said ({which}): {result}.",
}
FAILURE = "I asked the tool {name}, but it had no answer for me: {reason}."
AFTER_RESULTS = (
    "That came straight from a tool, so you need not trust my naïve arithmetic or my memory.",
    "If you want another one, just ask; I can call several tools for one message.",
    "The tool call above shows exactly what I asked for and what came back.",
)

OPENINGS = (
    "You wrote “{echo}”, so let me take it piece by piece → what it says, and then what follows from it.",
    "Thank you for “{echo}”. Here is how I would go about it.",
    "“{echo}” is a fair thing to bring up, and the short answer is that it depends on what you need it for.",
    "Let me think aloud about “{echo}” for a moment.",
)
BODIES = (
    "Start with the part that you can check for yourself, because a claim that nobody has tested is "
    "only a rumour. Write down what you expect, try it on something small, and compare the two. Where "
    "they differ you have learnt something; where they agree you may go on to the next part with a "
    "little more confidence.",
    "It would be naïve to look for one answer that fits every case. A small service with a handful of "
    "users has other needs than one that holds a thousand conversations open at once, and what is "
    "simple in the first is often what breaks in the second. So decide first which of the two you are "
    "building.",
    "There are three things to weigh up: how long you can wait for the first word, how evenly the rest "
    "should arrive, and what all of it may cost. Each pulls in its own direction. A café with one "
    "waiter makes the same choice every morning, and it rarely gets all three.",
    "The usual advice is to measure before you decide, and it is good advice as long as you measure "
    "what you will really run. Use the same machine, the same settings and the same load, change one "
    "thing at a time, and repeat it until the noise stops surprising you. Then believe the figures, "
    "even the ones you dislike.",
    "I would break it into steps. First say what a good result looks like, in one sentence. Then find "
    "the smallest thing that could show you are wrong → that is your first experiment. After that it is "
    "mostly patience: keep what holds, drop what does not, and leave a note for whoever comes next.",
)
FIRST_TURN = (
    "This is the first thing you have said here, so I have nothing earlier to lean on.",
    "We have only just begun, so tell me more whenever you like.",
)
LATER_TURN = (
    "I have {turns} of your earlier messages before me; the last of them was “{previous}”.",
    "I still have “{previous}” in mind, the latest of {turns}, and it may well bear on this.",
)
