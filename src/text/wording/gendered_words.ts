/**
 * The nouns: singular and plural of the gendered noun, then of the neutral one. A hyphen stands for a blank.
 *
 * Titles and costumes (king, princess, superman) and names of things (snowman) are not in the list: they describe what
 * the picture shows.
 */
const nouns = `
man men person people
woman women person people
boy boys child children
girl girls child children
guy guys person people
lady ladies person people
gentleman gentlemen person people
male males person people
female females person people
dude dudes person people
lad lads child children
lass lasses child children
gal gals person people
father fathers parent parents
mother mothers parent parents
dad dads parent parents
daddy daddies parent parents
mom moms parent parents
mommy mommies parent parents
mum mums parent parents
mama mamas parent parents
papa papas parent parents
grandfather grandfathers grandparent grandparents
grandmother grandmothers grandparent grandparents
grandpa grandpas grandparent grandparents
grandma grandmas grandparent grandparents
son sons child children
daughter daughters child children
grandson grandsons grandchild grandchildren
granddaughter granddaughters grandchild grandchildren
brother brothers sibling siblings
sister sisters sibling siblings
husband husbands spouse spouses
wife wives spouse spouses
boyfriend boyfriends partner partners
girlfriend girlfriends partner partners
uncle uncles relative relatives
aunt aunts relative relatives
nephew nephews relative relatives
niece nieces relative relatives
bride brides newlywed newlyweds
groom grooms newlywed newlyweds
bridesmaid bridesmaids wedding-attendant wedding-attendants
groomsman groomsmen wedding-attendant wedding-attendants
schoolboy schoolboys schoolchild schoolchildren
schoolgirl schoolgirls schoolchild schoolchildren
businessman businessmen businessperson businesspeople
businesswoman businesswomen businessperson businesspeople
policeman policemen police-officer police-officers
policewoman policewomen police-officer police-officers
fireman firemen firefighter firefighters
fisherman fishermen angler anglers
mailman mailmen mail-carrier mail-carriers
postman postmen mail-carrier mail-carriers
salesman salesmen salesperson salespeople
saleswoman saleswomen salesperson salespeople
cameraman cameramen camera-operator camera-operators
cowboy cowboys cowhand cowhands
cowgirl cowgirls cowhand cowhands
horseman horsemen rider riders
horsewoman horsewomen rider riders
workman workmen worker workers
repairman repairmen repairer repairers
handyman handymen repairer repairers
serviceman servicemen service-member service-members
servicewoman servicewomen service-member service-members
sportsman sportsmen athlete athletes
baseman basemen fielder fielders
batsman batsmen batter batters
lineman linemen line-player line-players
waitress waitresses server servers
waiter waiters server servers
hostess hostesses host hosts
actress actresses actor actors
ballerina ballerinas ballet-dancer ballet-dancers
milkmaid milkmaids dairy-worker dairy-workers
`;

/** The neutral nouns by each form of the gendered ones. */
export const genderedNouns: ReadonlyMap<string, string> = new Map(
  nouns
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [one, several, neutral, neutralPlural] = line.split(" ") as [string, string, string, string];
      return [
        [one, neutral.replace("-", " ")],
        [several, neutralPlural.replace("-", " ")],
      ] as const;
    }),
);

/** Plurals of the neutral nouns by their singulars. */
export const neutralPlurals: ReadonlyMap<string, string> = new Map(
  nouns
    .trim()
    .split("\n")
    .map((line) => line.split(" ").slice(2) as [string, string])
    .filter(([one]) => !one.includes("-")),
);

/** Possessives without an apostrophe, which occur in captions. */
export const bareGenitives: ReadonlyMap<string, string> = new Map([
  ["mans", "person's"],
  ["womans", "person's"],
  ["mens", "people's"],
  ["womens", "people's"],
]);

/** Pronouns for people and for one animal. "her" and "his" need a closer look. */
export const pronouns: ReadonlyMap<string, { readonly people: string; readonly animal: string }> = new Map([
  ["he", { people: "they", animal: "it" }],
  ["she", { people: "they", animal: "it" }],
  ["him", { people: "them", animal: "it" }],
  ["his", { people: "their", animal: "its" }],
  ["her", { people: "their", animal: "its" }],
  ["hers", { people: "theirs", animal: "its" }],
  ["himself", { people: "themselves", animal: "itself" }],
  ["herself", { people: "themselves", animal: "itself" }],
]);

/** Pairs of words with a replacement of their own. */
export const phrases: readonly (readonly [readonly string[], readonly string[]])[] = (
  [
    ["man made", "artificial"],
    ["man-made", "artificial"],
    ["boy scout", "scout"],
    ["boy scouts", "scouts"],
    ["girl scout", "scout"],
    ["girl scouts", "scouts"],
    ["baby boy", "baby"],
    ["baby girl", "baby"],
    ["toddler boy", "toddler"],
    ["toddler girl", "toddler"],
    ["teenage boy", "teenager"],
    ["teenage girl", "teenager"],
    ["teenage boys", "teenagers"],
    ["teenage girls", "teenagers"],
    ["teen boy", "teenager"],
    ["teen girl", "teenager"],
    ["teen boys", "teenagers"],
    ["teen girls", "teenagers"],
    ["cowboy hat", "western hat"],
    ["cowboy hats", "western hats"],
    ["cowboy boots", "western boots"],
    ["he or she", "they"],
    ["him or her", "them"],
    ["his or her", "their"],
    ["her or his", "their"],
    ["his and her", "their"],
    ["himself or herself", "themselves"],
    ["his or herself", "themselves"],
    ["him or herself", "themselves"],
  ] as const
).map(([said, instead]) => [said.split(" "), instead.split(" ")]);
