/** Words that come before, after, or instead of a noun phrase, and are not part of it. */
export const functionWords: ReadonlySet<string> = new Set(
  [
    "a an the this that these those another some any each every both its it their his her my our your",
    "he she they him them who which what where whose himself herself themselves itself",
    "of in on to at by with and or but as while from through for into onto over under up down near next off out around",
    "across along behind before after between against towards toward beside beneath above below inside outside among",
    "amongst during without within past about atop like than so because when until if upon underneath alongside amid",
    "is are was were be being been am has have had can will may does do did not there here together away back",
    "n't 's 're 've 'll 'd 'm '",
  ].flatMap((line) => line.split(" ")),
);

/** Adjectives for a colour, a pattern, a size, an age or a state, which need not be said twice. */
export const plainAdjectives: ReadonlySet<string> = new Set(
  [
    "black white brown red blue green yellow orange pink purple gray grey tan gold golden silver beige maroon teal navy",
    "dark light bright colorful colourful blond blonde striped plaid checkered spotted floral furry fluffy shaggy hairy",
    "little small big large huge tiny tall long short young old older elderly adult wooden metal stone brick glass",
    "wet dry dirty muddy sandy snowy grassy rocky empty open closed busy crowded happy beautiful pretty cute",
  ].flatMap((line) => line.split(" ")),
);

/** Adverbs that may stand between a pronoun and its verb. */
export const adverbs: ReadonlySet<string> = new Set(
  "also always almost both even just merely now often only quickly slowly soon still then".split(" "),
);

/** Verbs in the form after "he" or "she": they distinguish "and runs" from "and rocks". */
export const verbs: ReadonlySet<string> = new Set(
  [
    "appears attempts attacks barks bends blows brushes carries catches chases climbs comes cooks crosses cuts dances",
    "dives does draws drinks drives eats enjoys enters falls feeds fishes flies gets gives glides goes grabs grinds",
    "hangs has hits holds jogs jumps kicks kneels laughs lays leads leans leaps lies listens looks makes moves",
    "paddles paints performs plays points poses prepares pulls pushes puts reaches reads rests returns rides rolls runs",
    "sees shakes sings sits skates skateboards skis sleeps slides smiles snowboards splashes stands stares stretches surfs",
    "swims swings takes talks tries throws touches travels turns uses waits wades walks washes watches waves wears works",
    "is was",
  ].flatMap((line) => line.split(" ")),
);

/** Numbers above two: the model often gets them wrong, and a picture may show only a part. */
export const counts: ReadonlySet<string> = new Set(
  [
    "three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "twenty thirty forty fifty dozen",
  ].flatMap((line) => line.split(" ")),
);

/** Nouns and adjectives of which a number is a part, not a count: "a four wheeler", "a three story house". */
export const numbered: ReadonlySet<string> = new Set(
  "wheeler wheelers wheel wheels way story stories level layer layered tier tiered legged piece point lane door course poster star".split(
    " ",
  ),
);

/** Animals in the singular, which are "it" if a sentence begins with one. */
export const animals: ReadonlySet<string> = new Set(
  [
    "animal dog puppy pup cat kitten horse pony donkey bird duck goose swan chicken parrot pigeon owl eagle seagull cow",
    "bull calf sheep lamb goat pig elephant giraffe zebra bear monkey lion tiger leopard rabbit bunny squirrel mouse fox",
    "wolf deer whale dolphin seal shark fish frog turtle snake lizard camel kangaroo greyhound poodle dalmatian doberman",
    "terrier collie labrador retriever hound shepherd bulldog",
  ].flatMap((line) => line.split(" ")),
);

/** Words for people that say nothing about gender. */
export const persons: ReadonlySet<string> = new Set(
  [
    "person people child children kid kids baby babies toddler toddlers infant adult adults teenager teenagers teen teens",
    "player players skier skiers surfer surfers snowboarder snowboarders skateboarder skateboarders skater skaters biker",
    "bikers cyclist cyclists runner runners rider riders climber climbers hiker hikers worker workers owner trainer",
    "parent parents sibling siblings couple family crowd group team friend friends someone somebody dancer dancers",
    "batter pitcher catcher swimmer driver performer musician guitarist photographer tourist soldier officer firefighter",
  ].flatMap((line) => line.split(" ")),
);

const plurals: ReadonlySet<string> = new Set(
  "people children men women feet teeth geese mice sheep deer fish cattle police oxen wolves".split(" "),
);

/** Whether a word looks like a noun in the plural. */
export function looksPlural(word: string): boolean {
  return plurals.has(word) || (/[a-z]s$/.test(word) && !/(?:ss|us|is)$/.test(word) && !functionWords.has(word));
}
