"""What the friends of ``memory_recall_chats.py`` live through: stories to set weights on.

A story is told in scenes, a blank line between them, which come up in different sessions.  ``A``
is whose story it is and ``B`` the friend.  ``#name`` after a turn names it; ``{when}`` becomes a
time before the session.  A line set in further goes on with the one before.  Lines with ``?``
ask: kind, question, then the names of the turns that answer it; ``{day:name}`` and
``{month:name}`` are when the thing told in that turn happened.
Questions are worded as by someone who was told the gist and not the words.
"""

STORIES: tuple[str, ...] = (
    """
    A: Are you sitting down? I put the money on the table {when}: the narrowboat is mine! #deal
    B: You actually went through with it! I thought that was one of your three-in-the-morning ideas.
    A: My landlord was going to raise the rent again, so it was that or go back to my parents. #why
    B: Fair. And where will it be moored?
    A: Right by the lock in Bradford, next door to a bakery that opens at five. #berth
    B: Dangerous. You'll be made of cinnamon rolls by Christmas.

    A: The heating on board gave up {when} and I slept in two coats and a hat. #cold
    B: Oh no! Is it the stove or the pipes?
    A: A crack in the flue, says the man who came by. He wants four hundred for a new one. #flue
    B: Have you got a name for her yet, by the way? You can't curse a boat that has no name.
    A: Marigold, after my gran. I'm getting the letters painted by an old sign writer. #name

    A: We took her all the way up to the aqueduct {when}, nine locks in one day. My arms! #trip
    B: We? Who was the crew?
    A: My nephew Theo. He is twelve and steers better than I do. #crew
    B: I'd have been in the water by the second lock.
    A: That was me, actually. Fell straight off the gangplank in front of a hen party. #fell

    ?temporal When did {A} buy the boat? | deal
    ?single Why did {A} give up renting a flat? | why
    ?single In which town does {A}'s home float? | berth
    ?single What had to be replaced so that {A} could keep warm? | flue
    ?single Who is {A}'s boat named after? | name
    ?single What happened to {A} on {day:trip}? | trip fell
    ?single Which relative helped {A} to travel by water? | crew
    ?multi Which mishaps has {A} had while living aboard? | cold fell
    ?open Would {A} enjoy a quiet life without surprises? | deal cold fell
    """,
    """
    A: So there's a dog in my kitchen. I went to the rescue centre {when} "only to look". #dog
    B: Famous last words. What is it, big, small, hairy?
    A: A greyhound, eight years old, retired from racing. He leans on people. #breed
    B: And what do you call him?
    A: He came as Lightning Bolt Three but he only listens to Gerald. #called

    A: Gerald ate a whole tray of brownies {when}. We spent the night at the emergency vet. #ate
    B: Chocolate! Is he all right?
    A: Charcoal and a drip, and then he snored through the bill. Three hundred and sixty. #bill
    B: Worth every penny for that face, though.
    A: [shares a photo of a greyhound in a knitted yellow jumper on a sofa] #jumper
    B: Who made him that jumper? I need one in my size.

    A: We've begun to go to the old people's home on Thursdays, he lies there and gets stroked.
      #visit
    B: Like a proper therapy dog? Does he need a certificate?
    A: He passed the test {when}. He only had to ignore a sausage on the floor. #passed
    B: The one with the brownies? That is character growth.
    A: There's a lady there who hadn't spoken for weeks and she tells him all about the war. #lady

    ?temporal When did {A} adopt a pet? | dog
    ?single What kind of animal does {A} own? | breed
    ?single What is {A}'s pet's name? | called
    ?single Why was {A} at the animal hospital? | ate
    ?single How much did the treatment of {A}'s dog cost? | bill
    ?single What piece of clothing does {A}'s greyhound wear? | jumper
    ?temporal When did Gerald get his certificate? | passed
    ?single Where do {A} and the dog volunteer every week? | visit
    ?open Does {A} care about the elderly? | visit lady
    """,
    """
    A: I enrolled for evening classes {when}: nursing, at my age! #enrol
    B: What?! You, who faints at paper cuts?
    A: I know. But after what they did for dad at the hospice I couldn't go on selling carpets. #dad
    B: I think that's wonderful. How long until you're in uniform?
    A: Three years if I pass everything first time, which with my chemistry is optimistic. #years

    A: First placement this week. They've put me on the children's ward. #ward
    B: Is it very sad?
    A: Less than you'd expect. {when} a little boy taught me to fold a frog from a napkin. #frog
    B: And the fainting?
    A: Once. Into a laundry trolley. The sister said it was the tidiest faint she ever saw. #faint

    A: Chemistry result is in: fifty-one, pass mark fifty! #mark
    B: A whole point to spare! Drinks are on me.
    A: Priya carried me through, honestly. She went over it with me every Sunday in the library.
      #priya
    B: Is that the one from your course with the twins?
    A: Yes. We've agreed to apply to the same hospital, down in Plymouth, when we qualify. #plan

    ?temporal When did {A} begin to study again? | enrol
    ?single What job is {A} training for? | enrol
    ?single What was {A}'s work before the career change? | dad
    ?single What inspired {A} to become a nurse? | dad
    ?single How long does {A}'s education take? | years
    ?single Which patients does {A} look after? | ward
    ?single How did {A} do in the science exam? | mark
    ?single Who helped {A} to prepare for exams? | priya
    ?open Where might {A} be living in a few years? | plan years
    ?multi What embarrassing or narrow moments did {A} have as a student? | faint mark
    """,
    """
    A: The seedlings are up! I've got the windowsill, the bath and half the hall full of chillies.
      #seed
    B: How many people are you planning to burn?
    A: All of them. There's a contest at the county show and I mean to beat Mrs Okafor. #rival
    B: Is she the one with the enormous marrows?
    A: Seven years running. It has gone to her head. #seven

    A: Slugs. {when} they got into the greenhouse and finished off eleven plants. #slugs
    B: Can't you put something down against them?
    A: I'm out there with a torch and a bucket every night, my neighbours think I'm a burglar.
      #torch
    B: Beer traps! My uncle swears by them.
    A: Tried it. The hedgehog got drunk instead. #hedgehog

    A: Second place! {when} at the show, a red rosette and everything. #second
    B: Well done! And the famous Mrs O?
    A: Third. She shook my hand like she was wringing out a cloth. #third
    B: So who won, then?
    A: A nine-year-old with a cactus. I've given him my spare pots. #winner

    ?single What does {A} grow at home? | seed
    ?single Who is {A} competing against? | rival
    ?temporal When did pests destroy part of {A}'s crop? | slugs
    ?single What does {A} do in the dark to protect the vegetables? | torch
    ?single Which attempt at pest control failed for {A}? | hedgehog
    ?temporal When did {A} get a prize? | second
    ?single What was {A}'s result in the gardening competition? | second
    ?single Who came first in the competition that {A} entered? | winner
    ?multi How did {A} and the rival each do? | second third
    """,
    """
    A: My sister is getting married! In Iceland, in winter, in a lava field. #wedding
    B: In a dress? Has she looked at a map?
    A: Thermal underwear in ivory, she says. And I'm to give the speech. #speech
    B: You'll be brilliant. Remember your toast at Omar's leaving do? People cried.
    A: They cried because it lasted forty minutes. #toast

    A: We went to look for my outfit {when} and I ended up in emerald velvet. Don't laugh. #velvet
    B: I'm not laughing, I'm picturing it. With the boots?
    A: With the boots. Mum wanted me in beige and isn't speaking to me. #mum
    B: She'll come round, she always does by pudding.

    A: We're back! It was minus fourteen and the priest's beard froze {when}. #froze
    B: And the speech? Tell me everything.
    A: I lost my cards in the wind, so I just told the story of her and the stolen goat. #goat
    B: No! Not the goat!
    A: Her mother-in-law laughed so much she had to hold on to a glacier guide. #laugh
    A: [shares a photo of a bride in a white fur hat under green northern lights] #lights
    B: That sky! It looks painted.

    ?single Who in {A}'s family became a bride? | wedding
    ?single In which country was the ceremony that {A} attended? | wedding
    ?single What duty did {A} have at the marriage? | speech
    ?single What did {A} wear for the celebration? | velvet
    ?single Why was {A}'s mother annoyed? | mum
    ?temporal When did the wedding take place? | froze
    ?single What did {A} talk about after losing the notes? | goat
    ?single What natural spectacle was seen at the wedding? | lights
    ?open Is {A} a confident public speaker? | toast goat laugh
    """,
    """
    A: Doctor says it's the tendon. No running for twelve weeks. #tendon
    B: But the marathon! You've been at it since January.
    A: It popped at mile fourteen of a training run {when}, I hopped home like a heron. #popped
    B: I'm so sorry. What will you do with all that energy?
    A: Swim, apparently. The physio has put me down for aqua jogging with eight pensioners. #aqua

    A: Okay, I take it all back. The pensioners are ruthless. Doris is eighty-three and laps me.
      #doris
    B: I love Doris already.
    A: She swam the Channel in sixty-four! She's teaching me to breathe properly. #channel
    B: Are you secretly enjoying this?
    A: Between us, I've stopped looking at my running shoes. #shoes

    A: I've signed up for the lake swim in Annecy, two and a half kilometres, open water. #lake
    B: From marathon to lake monster in one spring!
    A: {when} was the trial in cold water. I swallowed half the reservoir but I finished. #trial
    B: Is Doris going?
    A: Doris is the one who booked the hotel. #hotel

    ?single What injury does {A} suffer from? | tendon
    ?temporal When did {A} get hurt? | popped
    ?single What was {A} getting ready for when the accident happened? | popped
    ?single Which exercise was prescribed for {A}'s recovery? | aqua
    ?single What is Doris's greatest sporting achievement? | channel
    ?single Who is {A}'s coach in the pool? | doris channel
    ?single For which event has {A} registered? | lake
    ?temporal When did {A} practise at low temperatures? | trial
    ?single Who arranged the accommodation for {A}'s journey? | hotel
    ?open Will {A} return to running soon? | tendon shoes
    """,
    """
    A: I got the contract {when}! They want me to do the whole novel, all six hundred pages.
      #contract
    B: The Finnish one? Congratulations! How do you even say swamp in Finnish?
    A: There are about eleven words for it and she uses every one of them. #swamp
    B: When do they need it by?
    A: End of October, which means five pages a day and no weekends. #due

    A: I rang the author {when} to ask about chapter nine and she talked about mushrooms for an
      hour. #rang
    B: Did she answer the question at all?
    A: She said "leave it unclear, I was unclear myself". So I'm leaving it unclear. #unclear
    B: That's the best excuse for anything I've ever heard.
    A: I'm stealing it for my tax return. #tax

    A: Sent! The last chapter went off at four in the morning {when}. #sent
    B: You must be dead. What did you do then?
    A: Cried, ate a jar of olives, slept for sixteen hours. #olives
    B: And are they happy with it?
    A: The editor says it reads as if it had been written in English, which is all I ever wanted.
      #editor

    ?single What is {A}'s profession? | contract
    ?temporal When did {A} receive the assignment? | contract
    ?single From which language does {A} translate? | swamp
    ?single What is {A}'s deadline? | due
    ?single What did the writer want to discuss with {A} on the phone? | rang
    ?single How did {A} solve the puzzling passage? | unclear
    ?temporal When did {A} complete the book? | sent
    ?single How did {A} celebrate the completion? | olives
    ?single What compliment did {A} get from the publisher? | editor
    """,
    """
    A: The café on the corner lets me have their oven on Mondays, so I'm opening a pop-up. #oven
    B: Selling what? Please say the cardamom buns.
    A: Cardamom buns, rye loaves and whatever goes wrong. I've called it Crumbs. #menu
    B: What goes wrong is usually my favourite.

    A: Sold out by nine {when}! There was a queue round the chemist's. #queue
    B: I saw it on the neighbourhood page! Somebody offered forty pounds for the last bun.
    A: That was my own mother, under a false name. #mother
    B: Of course it was.
    A: The trouble is my wrist. All that kneading, I can't open a jar now. #wrist

    A: I took on help {when}: Luca, nineteen, up at three without a word, arms like a blacksmith.
      #luca
    B: And the wrist?
    A: In a splint, so he kneads and I boss him about. #splint
    B: Sounds like you've found your calling.
    A: The bank said no to the loan for a shop of my own, though. They want two years of books.
      #loan
    B: Their loss. Ask the credit union, they helped my cousin with her salon. #union

    ?single What kind of business did {A} start? | oven menu
    ?single What does {A} bake? | menu
    ?temporal When were {A}'s goods gone early in the morning? | queue
    ?single Who tried to purchase from {A} in disguise? | mother
    ?single Which body part hurts {A}? | wrist
    ?temporal When did {A} hire an employee? | luca
    ?single Who works for {A}? | luca
    ?single Why couldn't {A} get funding? | loan
    ?single What did {B} suggest to {A} about financing? | union
    ?multi What health trouble does baking cause {A}, and how is it dealt with? | wrist splint
    """,
    """
    A: I've inherited a cello. A real one. From an uncle I met twice. #cello
    B: Do you even play?
    A: Not a note. I had my first lesson {when} and the cat left the house. #lesson
    B: Give it time. How is the teacher?
    A: Mr Halloran is ninety and deaf in one ear, he says that's the ear he turns to me. #teacher

    A: I can play something you would recognise now. Slowly. From another room. #play
    B: What is it?
    A: The Swan. Well, more of a goose. #swan
    B: And the cat?
    A: Moved in with the couple downstairs {when}. She comes home for meals. #cat

    A: I joined an orchestra {when}! The Late Starters, everyone is over forty and hopeless. #joined
    B: That's the best name for an orchestra ever. Where do you meet?
    A: In the fire station, up in the mess room. If there's an alarm we lose the brass. #station
    B: When's the concert? I'm bringing flowers and earplugs.
    A: Midsummer, in the park. We're doing film music, the easy bits of Jaws. #concert

    ?single How did {A} come by a musical instrument? | cello
    ?temporal When was {A} first taught music? | lesson
    ?single Who teaches {A} to play? | teacher
    ?single Which piece can {A} perform? | swan
    ?single Where did {A}'s pet go because of the noise? | cat
    ?temporal When did {A} become a member of an ensemble? | joined
    ?single Where does {A}'s group rehearse? | station
    ?single What will be performed in summer by {A} and the others? | concert
    ?open Does {A} take up new hobbies easily? | lesson joined
    """,
    """
    A: My daughter came fourth in the robot thing {when}! Out of sixty schools! #fourth
    B: Little Zadie? With the one that picked up tennis balls?
    A: That one. It fell off the table in the final and still won the prize for toughness. #tough
    B: Takes after her mother, then.
    A: After you, more likely, you taught her to solder. #solder

    A: Zadie wants to go to that boarding school for science and I can't sleep. #board
    B: She's fourteen, isn't she? How far is it?
    A: Four hours on the train. There's a scholarship, the exam was {when}. #exam
    B: What does she say herself?
    A: That I can come and live in the cupboard. #cupboard

    A: She got in. Full scholarship. I've been crying over name labels since the letter came. #got
    B: Oh, that clever girl! You must be bursting.
    A: We drove her up {when}. She hugged me twice and then there was a telescope and I was gone.
      #drove
    B: And you? What about the empty room?
    A: I've turned it into a workshop. I'm building a robot. It picks up socks. #socks
    B: Call me when it does mine.

    ?temporal When was the robotics competition? | fourth
    ?single How did {A}'s child do in the contest? | fourth
    ?single What award was given to {A}'s daughter? | tough
    ?single What skill did {A}'s daughter learn from {B}? | solder
    ?temporal When did Zadie sit the entrance test? | exam
    ?single How far away is the school of {A}'s daughter? | exam board
    ?single How are the school fees of {A}'s daughter covered? | got
    ?temporal When did {A}'s daughter leave home? | drove
    ?single What is {A} constructing? | socks
    ?open How does {A} feel about the child growing up? | board got drove
    """,
)
