"""Stories like those of ``memory_recall_stories.py``, kept back: no weight is set on these."""

STORIES: tuple[str, ...] = (
    """
    A: Big news from the roof! I got my first two hives {when} and I've already been stung on the
      nose. #hives
    B: That's amazing, and so brave of you! What made you want to do something like that?
    A: I read that the lime trees on our street had no pollinators left, and I couldn't stop
      thinking about it. #lime
    B: You've always cared so much about nature. Do the people downstairs mind?
    A: I bribed the whole building with the promise of free jars, so far it's holding. #bribe

    A: It was heartbreaking {when}, one of the colonies swarmed and ended up on a traffic light.
      #swarm
    B: Oh no, that must have been so stressful! How did you get them back?
    A: A policeman held the ladder while I shook them into a cardboard box. He was whistling the
      whole time. #police
    B: What a scene! I hope someone filmed it.
    A: It was on the local news, my boss saw it, and now everybody at the bank calls me Queenie.
      #queenie

    A: We spun the first harvest {when}, eleven kilos! The kitchen floor is like flypaper. #harvest
    B: Congratulations, you must be so proud! What does it taste like?
    A: A little like mint at the end, that's the lime blossom. I'm selling half of it for the
      hospice. #mint
    B: That is such a lovely idea. Put me down for three.

    ?temporal When did {A} take up beekeeping? | hives
    ?single What motivated {A} to keep insects? | lime
    ?single How did {A} win over the neighbours? | bribe
    ?temporal When did some of {A}'s bees escape? | swarm
    ?single Who assisted {A} in catching the runaway bees? | police
    ?single What is {A}'s nickname among colleagues? | queenie
    ?single Where does {A} work? | queenie
    ?single How much honey did {A} collect on {day:harvest}? | harvest
    ?single What flavour does {A}'s honey have? | mint
    ?open Would {A} support a campaign for the environment? | lime hives
    """,
    """
    A: We're finally moving to Porto in the autumn, Ines got the position at the university! #move
    B: Wow, that's such a huge step! How are you feeling about leaving everything behind?
    A: Excited and terrified in equal parts. My Portuguese is good enough to order soup and
      apologise. #soup
    B: I'm sure you'll pick it up in no time, you're so good with people.
    A: I've started a course online {when}, with a teacher who makes me sing the verbs. #course

    A: The flat hunt is a nightmare. {when} we saw one with a tree growing through the bathroom.
      #tree
    B: That sounds wild! Did you find anything you liked in the end?
    A: Third floor, blue tiles, a balcony over the tram line. We signed the lease without seeing
      the kitchen. #lease
    B: Blue tiles sound gorgeous. Will there be space for your piano?
    A: No, and that's the hard part, I'm giving it to the primary school on our road. #piano

    A: We've been here three weeks now and the neighbour, Dona Graça, has adopted us. #graca
    B: That's so sweet! It makes such a difference to have someone kind next door.
    A: {when} she marched me to the market and taught me how to choose a sardine by its eyes.
      #sardine
    B: I love that. And how is the job search going?
    A: I was taken on by a bookshop, the old one with the red stairs, three days a week. #bookshop

    ?single To which city is {A} relocating? | move
    ?single What is the reason for {A}'s relocation? | move
    ?temporal When did {A} begin language lessons? | course
    ?single Which unusual feature did an apartment that {A} viewed have? | tree
    ?single What does {A}'s new apartment look like? | lease
    ?single Which possession did {A} donate before leaving? | piano
    ?single Who befriended {A} in the new country? | graca
    ?single What did {A} learn about buying fish? | sardine
    ?temporal When did {A} visit the market with the old lady? | sardine
    ?single Where is {A} employed abroad? | bookshop
    ?multi How is {A} settling in after the move? | graca sardine bookshop
    """,
    """
    A: I tried the climbing wall with my colleagues {when} and I think I've found my thing! #wall
    B: That's fantastic! Weren't you the one who couldn't look over a balcony?
    A: Exactly, I've been afraid of heights ever since I got stuck on a fairground ride as a kid.
      #afraid
    B: It takes real courage to face something like that. I'm proud of you!
    A: My hands are in ribbons, but I slept better than I have in years. #ribbons

    A: Update from the wall: I led my first route {when}, a purple one with a horrible overhang at
      the top! #led
    B: You're unstoppable! Do you have someone who holds the rope for you?
    A: Yes, Naveen, he's a dentist and tells terrible jokes to keep me calm when I freeze. #naveen
    B: A good partner makes all the difference.
    A: We're saving for a week on real rock in Kalymnos next spring. #kalymnos

    A: I have to tell you something embarrassing. I broke my ankle {when}, and not on a mountain.
      #ankle
    B: Oh no, are you okay? What happened?
    A: I stepped off the kerb while I was looking at a picture of a cliff. Six weeks in plaster.
      #kerb
    B: I'm sorry, but that's also a little bit funny.
    A: Naveen has signed the cast "gravity always wins" and the trip is postponed until September.
      #cast

    ?temporal When did {A} first go climbing? | wall
    ?single What is {A}'s phobia? | afraid
    ?single What caused {A}'s fear? | afraid
    ?temporal When did {A} ascend a difficult route for the first time? | led
    ?single Who secures {A} on the rope? | naveen
    ?single What is the occupation of {A}'s climbing companion? | naveen
    ?single Where do {A} and Naveen intend to travel? | kalymnos
    ?temporal When was {A} injured? | ankle
    ?single How did {A}'s accident come about? | kerb
    ?single Why was the journey delayed? | ankle cast
    ?single What did Naveen write for {A}? | cast
    """,
    """
    A: You won't believe what I did {when}. Five minutes of stand-up, at the Anchor, in front of
      actual humans. #anchor
    B: No way! That's so exciting! How did it go?
    A: One man laughed so hard he had to leave, and the rest looked at me like a tax inspection.
      #laughed
    B: Everyone starts somewhere, and you had the guts to get up there!
    A: I did the bit about my grandfather and the parking meter. That one always works. #meter

    A: I bombed, completely. {when} at the student union, they talked all the way through. #bombed
    B: I'm so sorry to hear that. Don't let one bad night discourage you.
    A: An old comic at the bar told me to cut every joke in half and never wear a scarf. #scarf
    B: Honestly, that's solid advice. Are you going to keep trying?
    A: Yes. I've got a notebook by the bed now, half of it is unreadable. #notebook

    A: They've offered me the Edinburgh slot! Noon, in a cellar, for eleven days. #edinburgh
    B: Congratulations! All that hard work is finally paying off!
    A: I've handed in a request for unpaid leave {when}, my manager said only if I leave her out
      of it. #leave
    B: And are you going to?
    A: She's the second half of the show, so no. #second

    ?temporal When did {A} perform comedy for the first time? | anchor
    ?single How did the audience react to {A}'s debut? | laughed
    ?single Which relative features in {A}'s jokes? | meter
    ?temporal When did {A} fail on stage? | bombed
    ?single What tip did a veteran comedian give {A}? | scarf
    ?single How does {A} keep track of ideas? | notebook
    ?single Which festival invited {A}? | edinburgh
    ?single How is {A} getting time off for the performances? | leave
    ?single Who is made fun of in {A}'s programme? | second leave meter
    ?open Does {A} give up easily? | bombed notebook edinburgh
    """,
    """
    A: I brought dad's old motorbike home {when}, it was under a tarpaulin full of mice. #bike
    B: That must have brought up a lot of memories. Does it still run?
    A: Not since 1987. It's a Triumph Bonneville and every single screw has rusted solid. #triumph
    B: What a special project, to bring something of your dad's back to life.
    A: Mum cried when she saw it. They went on their honeymoon on that thing, to the Black Forest.
      #honeymoon

    A: The engine is in pieces on the dining table and Carl has moved out to the sofa. #engine
    B: Haha, he's a patient man! Are you finding all the parts you need?
    A: I found a carburettor {when} at a jumble sale in Leeds, from a vicar of all people. #carb
    B: Sometimes things just fall into place.
    A: Not the wiring. I got a shock that made my fillings hum. #shock

    A: She started! {when}, at the eleventh kick, and I cried so loudly that the neighbours came
      out. #started
    B: I have goosebumps! Your dad would be over the moon.
    A: I took mum for a spin along the coast road. She's seventy-six and told me to go faster. #spin
    B: What a wonderful moment to share with her!
    A: [shares a photo of an elderly woman in a red helmet giving a thumbs up] #helmet

    ?temporal When did {A} fetch the vehicle that belonged to the father? | bike
    ?single Which model is {A} restoring? | triumph
    ?single Where did {A}'s parents travel after their marriage? | honeymoon
    ?single Why did {A}'s partner stop sleeping in the bedroom? | engine
    ?single Where did {A} get hold of a spare part? | carb
    ?temporal When did {A} purchase the carburettor? | carb
    ?single How did {A} get hurt during the repair? | shock
    ?temporal When was the restoration finished? | started
    ?single Who was {A}'s first passenger? | spin
    ?single What colour is the head protection of {A}'s mother? | helmet
    ?open Was {A} close to the father? | bike started
    """,
    """
    A: We got the letter {when}: the panel said yes, we're approved to adopt! #approved
    B: Oh my goodness, I'm crying happy tears for you both! You'll be incredible parents!
    A: It took fourteen months and someone counted our smoke alarms twice. #months
    B: What happens next?
    A: Now we wait for a match, it could be a week or two years, so I've painted the little room
      green. #green

    A: There's a match. Two of them, actually, a brother and a sister, six and four, Malik and
      Dina. #match
    B: Two at once! How are you feeling?
    A: Like I swallowed a firework. We met them {when} at a farm with a one-eyed donkey. #met
    B: That sounds so precious. Did they warm to you?
    A: Dina wouldn't say a word and then put a dandelion in my pocket as we were leaving. #dandelion

    A: They moved in {when}! There's glitter in the butter and nobody has slept. #moved
    B: That's the most beautiful chaos. How is Malik doing with the new school?
    A: He hides under the table when he's overwhelmed, so his teacher sits there with him and
      reads. #table
    B: What a kind teacher. You've got a good village around you.
    A: He called me "mum" by accident, over the fish fingers, and we both pretended not to notice.
      #mum

    ?temporal When did {A} get permission to take in a child? | approved
    ?single How long did {A} have to go through the procedure? | months
    ?single How did {A} decorate the nursery? | green
    ?single What are the names of {A}'s children? | match
    ?single How many kids does {A} have? | match
    ?temporal When did {A} see the siblings for the first time? | met
    ?single What gift did {A}'s daughter make? | dandelion
    ?temporal When did the siblings come to live with {A}? | moved
    ?single How does the boy's school help him to cope with stress? | table
    ?single What was said to {A} at a meal? | mum
    ?multi How did the relation between {A} and the children grow? | dandelion mum met
    """,
    """
    A: The river came up {when} and grandma's whole ground floor was under water. #flood
    B: That's awful, I'm so sorry! Is she safe?
    A: She's fine, she sat upstairs with the budgie and a bottle of sherry till the boat came.
      #sherry
    B: What a woman. Is there anything that can be saved?
    A: The albums, thank heavens. We're drying them page by page between kitchen towels. #albums

    A: I've been at the house every weekend with a crowbar. All the plaster has to come off.
      #plaster
    B: You're such a devoted grandchild. Do you have any help?
    A: The rowing club sent ten people {when}, they carried out the piano like a coffin. #rowing
    B: It's heartwarming how people come together in hard times.
    A: The insurance is refusing, though, they say the cellar door was "inviting". #insurance

    A: Grandma is back home! New floor, new wiring, and a kitchen in a yellow you can hear. #yellow
    B: I'm so relieved for her! How did you sort out the money?
    A: The ombudsman made them pay {when}, every penny, after I sent in forty photos. #paid
    B: Your persistence is truly inspiring.
    A: She has hung a pair of oars over the fireplace, for the club, and she's baking for all of
      them. #oars

    ?temporal When was the disaster at {A}'s grandmother's home? | flood
    ?single How did {A}'s grandmother pass the time until she was rescued? | sherry
    ?single Which belongings did {A}'s family manage to rescue? | albums
    ?single How does {A} spend days off? | plaster
    ?temporal When did volunteers assist {A}? | rowing
    ?single Who assisted {A} with the clearing out? | rowing
    ?single Why did the insurer decline? | insurance
    ?temporal When did {A}'s family receive compensation? | paid
    ?single What evidence did {A} submit? | paid
    ?single How did the old lady show her gratitude to the athletes? | oars
    ?single What is the colour of the renovated kitchen? | yellow
    """,
    """
    A: I photographed the night market {when} and one of the pictures just came out right, you
      know? #market
    B: I'd love to see it! What's in it?
    A: [shares a photo of steam rising around a noodle seller lit by a single bulb] #noodle
    B: This is stunning! You have such an eye for light.
    A: I'm still using the camera I got for my confirmation, the shutter is held on with nail
      varnish. #camera

    A: A gallery wrote to me! A tiny one, between a launderette and a bookmaker's, but with real
      walls. #gallery
    B: I knew it would happen! When is the opening?
    A: In three weeks, twelve prints, and I need to choose a title. I'm thinking "Late Shift".
      #title
    B: That's a perfect title for pictures of people who work at night.
    A: The framing ate my savings {when}, so it's porridge until further notice. #framing

    A: The opening was {when} and there were people on the pavement! I sold five! #sold
    B: Congratulations, you deserve every bit of this success!
    A: The noodle seller came with his whole family, and he stood in front of himself and bowed.
      #bowed
    B: That gives me chills. What a moment.
    A: And a magazine wants a series on bakers. I'm getting up at two tomorrow. #series

    ?temporal When did {A} take pictures of the stalls? | market
    ?single What is shown in {A}'s favourite image? | market noodle
    ?single How did {A} come by the photographic equipment? | camera
    ?single What is located beside the exhibition venue? | gallery
    ?single What is {A}'s exhibition called? | title
    ?single What made {A} short of money? | framing
    ?temporal When was {A}'s exhibition inaugurated? | sold
    ?single How many works did {A} sell? | sold
    ?single Which guest was a subject of {A}'s pictures? | bowed
    ?single What is {A}'s next commission? | series
    ?open Is {A} wealthy? | camera framing
    """,
    """
    A: I knitted a square for the hospital blanket {when}, my very first, and it has five corners.
      #square
    B: Haha, that's still so thoughtful of you! How did you get into it?
    A: After the redundancy I needed something for my hands, otherwise I just scroll and panic.
      #redundancy
    B: I'm glad you found a healthy way to cope. It's not easy to lose a job after so long.
    A: Nineteen years, and they told me by video. The women in the group have been my rock. #years

    A: We delivered the first thirty blankets {when}, to the premature babies. #delivered
    B: That is beautiful, you're making a real difference!
    A: A father asked if he could pick one himself, and he stood there for ages touching the wool.
      #father
    B: That must have been so emotional.
    A: I had to go and look at a fire extinguisher for a while. #extinguisher

    A: I've had an interview {when}, for the coordinator post at the hospital charity! #interview
    B: That would be perfect for you! How did it go?
    A: They asked where I see myself in five years and I said "warm". They laughed, I think it's a
      good sign. #warm
    B: I have my fingers crossed for you!
    A: They rang an hour later. I start in March, part-time, and I get a key to the yarn cupboard.
      #start

    ?temporal When did {A} make the first piece of handicraft? | square
    ?single What mistake was in {A}'s first piece? | square
    ?single Why did {A} take up a new pastime? | redundancy
    ?single How was {A} informed of being laid off? | years
    ?single How long was {A} with the former employer? | years
    ?temporal When were the newborns given presents? | delivered
    ?single Who was touched by choosing a blanket? | father
    ?temporal When did {A} apply in person for a new position? | interview
    ?single What answer of {A}'s amused the employers? | warm
    ?single When does {A}'s new employment begin? | start
    ?multi How did {A} go from unemployment to a new job? | redundancy interview start
    """,
    """
    A: I've joined the village choir even though I was thrown out of every choir at school. #choir
    B: I love that for you! Singing is so good for the soul.
    A: The conductor, Ewa, put me between two basses {when} and told me to lean on them like a
      drunk. #ewa
    B: What a great image. What are you rehearsing?
    A: A requiem, in Latin, for the festival. I hum the hard bits. #requiem

    A: Guess who has a solo! Eight bars! I sat in the car afterwards {when} and just screamed. #solo
    B: That's incredible! Are you nervous?
    A: I practise in the tunnel under the railway because of the echo, a cyclist applauded. #tunnel
    B: Your first fan! Who's coming to hear you?
    A: My old music teacher, the one who threw me out. I sent him a ticket, first row. #ticket

    A: It was {when}, and I got through all eight bars, and the church was packed to the doors.
      #packed
    B: I'm so happy for you! And the teacher?
    A: He came up on two sticks and said "I was wrong about you, but only recently". #wrong
    B: That's the best apology I've ever heard.
    A: We're off to sing in Kraków in the spring, Ewa's home town, thirty of us on a bus. #krakow

    ?single What ensemble does {A} belong to? | choir
    ?single Who leads {A}'s ensemble? | ewa
    ?single What kind of music is {A} preparing? | requiem
    ?temporal When did {A} get a special part? | solo
    ?single Where does {A} rehearse alone? | tunnel
    ?single Whom did {A} invite to the concert? | ticket
    ?temporal When was the concert? | packed
    ?single What did the former teacher admit to {A}? | wrong
    ?single Where will {A}'s group tour next? | krakow
    ?single Why did {A} doubt the own talent? | choir
    ?open Does {A} bear grudges? | ticket wrong
    """,
)
