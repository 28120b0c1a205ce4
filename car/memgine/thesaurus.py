"""Words of everyday life that stand for one another: what was asked for under another name.

People ask for the *pet* and were told of a *kitten*, ask what somebody's *job* is and were told
of a *nurse*.  Compiled for this project, English, for talk about people's lives; trades have
words of their own, which memory finds as they are written.  How much a related word counts is
left to ``retrieval``.
"""

from collections.abc import Mapping
from functools import cache

from car.memgine.tokens import Tokeniser

_ALIKE = """
    mother mom mum mama; father dad papa daddy; grandmother grandma granny gran nana;
    grandfather grandpa granddad grandad; child kid; boy son; girl daughter; husband spouse
    partner; wife spouse partner; boyfriend partner; girlfriend partner; marry wedding marriage;
    fiance engaged engagement; divorce separate split; relative family; friend buddy pal mate;
    colleague coworker; boss manager supervisor; neighbour neighbor; pregnant pregnancy
    expecting; birth born; adopt adoption; die death dead; funeral buried; job work career
    occupation profession employment; hire employ recruit; employee staff; fire sack layoff
    redundant redundancy; quit resign resignation; promote promotion; salary wage pay income
    earn; company firm business employer; interview apply application; office workplace; retire
    retirement; train training; coach trainer instructor teacher; school college university
    class; study learn course degree; student pupil; exam test; graduate graduation degree;
    teach lesson tutor; homework assignment; scholarship grant; buy purchase bought; sell sale
    sold; cost price pay; money cash fund savings; cheap afford; expensive afford; debt loan
    owe; shop store; gift present; donate donation charity; volunteer charity; prize award medal
    trophy win; competition contest tournament match; compete competition contest; win victory
    won; lose defeat lost; team club squad; house home apartment flat place; rent landlord
    lease; relocate move relocation; live reside residence; room bedroom; garden yard backyard;
    sofa couch; renovate renovation remodel redecorate paint; repair fix mend; destroy
    destruction ruin wreck; damage broken ruin; build construct construction; city town; country
    nation abroad; travel trip journey vacation holiday tour; visit trip; fly flight plane
    airport; hotel accommodation hostel airbnb; hike hiking trail; camp camping tent; beach sea
    ocean coast; mountain peak summit; car vehicle; accident crash collision; drive drove ride;
    bicycle bike; boat ship sail; train railway; road street; eat meal food dish; dinner supper;
    cook recipe kitchen; bake baking cake; drink beverage; restaurant cafe diner; dessert sweet;
    vegetable veggie; diet eating; doctor physician; hospital clinic; ill sick illness disease;
    injure injury hurt wound; pain hurt ache; medicine medication pill; surgery operation;
    therapy therapist counselor; counselling therapy counseling; heal recover recovery; health
    healthy fitness; exercise workout gym; run running jog race; swim swimming pool; walk stroll
    hike; sport exercise; sleep asleep bed nap; tired exhausted fatigue; stress stressed
    pressure; anxiety anxious worry nervous; afraid scare fear terrified phobia; angry mad upset
    annoyed furious; happy glad joy delighted; excited thrilled; sad unhappy depressed;
    embarrass ashamed; proud pride; lonely alone; surprise shock; love adore; like enjoy love;
    favorite favourite; hate dislike; prefer preference favourite; relax calm unwind; cope deal
    manage; laugh funny joke humor; cry tears; smile laugh; hobby interest pastime; passion
    love; movie film cinema; book novel read; author writer write; poem poetry; music song band;
    sing singer song; concert gig show festival; perform performance show stage; dance dancing;
    act actor acting; paint painting art; draw drawing sketch; photo picture photograph;
    photograph camera; artist painter; exhibition gallery exhibit museum; game gaming play;
    television tv series show; craft knit sew; pottery clay ceramic; play instrument; animal
    pet; puppy dog; kitten cat; vet animal; plant flower grow; tree forest wood; nature
    outdoors; environment climate nature; harvest crop; computer laptop pc; phone mobile
    smartphone; internet online website; email mail message; call phone ring; talk speak chat
    conversation discuss; tell say mention; ask question; answer reply respond; argue argument
    fight quarrel; agree agreement; promise vow; suggest recommend advise advice suggestion
    recommendation tip; explain explanation; invite invitation; introduce introduction; meet met
    encounter; join member sign; join enrol enroll register; participate attend join; attend go;
    event party gathering; celebrate celebration party; birthday turned; organize organise plan
    arrange; start begin beginning; start launch open; finish end complete; stop quit; continue
    keep; decide decision choose choice; choose pick select; plan intend intention; goal aim
    target; dream wish hope; try attempt; succeed success; fail failure; challenge difficult
    difficulty hard; problem issue trouble; solve solution; reason why because; inspire
    inspiration motivate motivation; help assist support aid; protect protection; save rescue;
    create make create design; invent invention; change transform; improve improvement better;
    grow growth; develop development; discover discovery find; receive get; give hand; send
    mail; borrow lend; remember memory memories; forget forgot; remind reminder reminds; know
    knowledge; think thought opinion; believe belief faith; religion church faith pray; see
    watch look; hear listen; show reveal; hide secret; wear clothes outfit dress; beautiful
    pretty lovely; big large huge; small little tiny; old elderly; smart clever intelligent;
    strange weird odd; important significant; tradition custom; identity identify; law legal
    lawyer; crime criminal; police officer; steal theft stolen robbery; politics political vote
    election; war military army; country homeland; language speak
"""
"""Groups of words for the same or nearly so; a word may be in several."""

_KINDS = """
    parent: mother father mom dad mum; sibling: brother sister; child: son daughter baby toddler;
    wedding: bride groom; jewelry: necklace ring bracelet earrings; jewellery: necklace ring;
    pet: dog cat puppy kitten rabbit hamster parrot bird fish turtle lizard snake guinea pup;
    animal: dog cat horse cow sheep goat pig rabbit bear deer fox wolf bird owl duck fish snake
      turtle elephant monkey squirrel;
    instrument: guitar piano violin drums cello flute saxophone clarinet trumpet ukulele bass
      keyboard;
    sport: football soccer basketball baseball tennis hockey golf volleyball rugby swimming running
      cycling skiing surfing climbing boxing yoga badminton cricket snowboarding skating karate;
    exercise: yoga running swimming cycling pilates weights jogging gym;
    hobby: painting reading gardening cooking photography hiking knitting fishing dancing pottery
      chess gaming baking writing cycling;
    activity: hiking camping swimming running painting pottery cooking dancing yoga reading
      gardening fishing cycling volunteering;
    art: painting sculpture drawing sketch mural portrait watercolor canvas pottery photography;
    relative: mother father sister brother cousin aunt uncle grandmother grandfather grandma grandpa
      mom dad mum son daughter nephew niece wife husband;
    family: mother father sister brother cousin aunt uncle grandmother grandma grandpa mom dad mum
      son daughter kids wife husband parents;
    job: nurse teacher engineer lawyer doctor chef waiter waitress accountant designer developer
      programmer manager driver salesman barista cashier consultant journalist;
    vehicle: car truck bike motorcycle motorbike van bus scooter boat;
    transport: car bus train plane bike taxi subway;
    charity: donate fundraiser shelter homeless foodbank;
    bird: owl eagle parrot duck crow pigeon robin;
    symptom: pain fever cough headache nausea dizzy;
    snack: chips popcorn chocolate nuts cookie;
    book: novel memoir biography fantasy mystery thriller series;
    movie: comedy thriller drama documentary sequel trilogy;
    music: jazz rock classical pop blues hiphop rap country folk metal;
    food: pizza pasta sushi salad soup bread cheese chicken burger rice steak sandwich tacos curry;
    dish: pizza pasta sushi salad soup stew pie curry lasagna casserole;
    dessert: cake pie cookie brownie pudding chocolate tart icecream;
    drink: coffee tea wine beer juice cocktail smoothie;
    fruit: apple banana orange strawberry grape mango peach cherry lemon berry;
    vegetable: tomato carrot potato lettuce cucumber onion pepper spinach pumpkin bean;
    flower: rose tulip sunflower daisy lily orchid;
    clothes: dress shirt jacket coat jeans shoes hat sweater boots scarf suit;
    weather: rain snow sun storm wind heat cold fog;
    season: spring summer autumn fall winter;
    colour: red blue green yellow purple pink orange black white brown grey;
    color: red blue green yellow purple pink orange black white brown gray;
    country: america england france germany italy spain japan china india canada mexico brazil
      australia ireland scotland sweden norway greece turkey thailand portugal;
    city: london paris rome tokyo berlin york chicago boston seattle toronto madrid barcelona
      amsterdam dublin sydney vancouver;
    illness: flu cold cancer diabetes asthma fever infection allergy migraine depression;
    injury: ankle knee wrist sprain fracture broken tendon concussion;
    emotion: happy sad angry anxious excited nervous proud scared jealous grateful;
    feel: happy sad angry anxious excited nervous proud scared grateful glad overwhelmed relieved;
    game: chess monopoly poker nintendo playstation xbox;
    holiday: christmas thanksgiving easter halloween;
    device: phone laptop tablet computer camera;
    furniture: sofa couch table chair bed desk shelf lamp;
    degree: bachelor master phd diploma;
    subject: math physics chemistry biology history psychology;
    religion: church mosque temple pray god buddhist christian muslim jewish;
    nature: mountain forest lake river ocean beach park trail;
    place: park beach museum restaurant cafe library
"""
"""A word for a kind, and words for things of that kind: who asks for the first is told of these."""


@cache
def related_words(language: str) -> Mapping[str, tuple[str, ...]]:
    """For each term the terms that may stand for it, without itself.

    Terms are those of a tokeniser for *language*; only for English are there any.
    """
    if language != "english":
        return {}
    term = Tokeniser(language).term
    found: dict[str, dict[str, None]] = {}
    for group in _ALIKE.split(";"):
        words = [term(word) for word in group.split()]
        for word in words:
            found.setdefault(word, {}).update(dict.fromkeys(words))
    for entry in _KINDS.split(";"):
        kind, _, things = entry.partition(":")
        words = [term(word) for word in things.split()]
        found.setdefault(term(kind.strip()), {}).update(dict.fromkeys(words))
    return {
        word: tuple(other for other in others if other != word) for word, others in found.items()
    }
